// A launcher of durable runs: what it keeps of them.

#include "actors/launcher_of_runs.hpp"
#include "weft/actors/launcher.hpp"

namespace weft::test {
namespace {

class ALauncher : public LauncherOfRuns {};

TEST_F(ALauncher, KeepsNothingOfARunThatItsClientHasLetGoOf) {
  expect_it_keeps_nothing_of_a_run_let_go_of(keep(spawn_launcher(
    system, [] { return std::make_shared<const Services>(); },
    [](RunId, const RunDescription&) -> Result<RunContextPtr> { return Error{}; })));
}

}  // namespace
}  // namespace weft::test
