// What docs/replaying-traces.md shows, as a test.

#include <gtest/gtest.h>

#include <string>

#include "weft/weft.hpp"
#include "weft/workflow/importers/replay.hpp"
#include "weft/workflow/importers/wfformat.hpp"

namespace weft {
namespace {

const std::string path = WEFT_SOURCE_DIR "/examples/traces/mosaic.json";

weft::RunRecord replayed() {
  const weft::Trace trace = weft::load_wfformat(path).value();
  weft::Registry registry;
  weft::add_replay_functions(registry, trace);
  weft::Workflow workflow = weft::replay(trace, {.time_scale = 0.001, .data_scale = 0.01}).value();

  weft::Engine engine{registry};
  const auto run = engine.submit(std::move(workflow));
  run.get();
  return run.record();
}

TEST(Documentation, ShowsReplays) {
  const weft::RunRecord record = replayed();
  EXPECT_EQ(record.tasks.committed, 88u);
  EXPECT_EQ(record.state, weft::RunState::succeeded);
}

}  // namespace
}  // namespace weft
