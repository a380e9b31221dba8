// A process launcher before it has any process: what it keeps of runs.

#include "actors/launcher_of_runs.hpp"
#include "weft/runtime/pools/process/process_launcher.hpp"

namespace weft::test {
namespace {

class AProcessLauncher : public LauncherOfRuns {};

TEST_F(AProcessLauncher, KeepsNothingOfARunThatItsClientHasLetGoOf) {
  expect_it_keeps_nothing_of_a_run_let_go_of(
    keep(spawn_process_launcher(system, {.pool = {.slots = 1},
                                         .store = {},
                                         .record = {},
                                         .source = {},
                                         .run_store = {},
                                         .recorder = {},
                                         .clock = clock,
                                         .make_context = {}})));
}

}  // namespace
}  // namespace weft::test
