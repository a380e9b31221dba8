// What docs/generated-workflows.md shows, as a test.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "weft/weft.hpp"
#include "weft/workflow/exporters/wfformat_writer.hpp"
#include "weft/workflow/generators/generator.hpp"
#include "weft/workflow/importers/replay.hpp"
#include "weft/workflow/importers/wfformat.hpp"

namespace weft {
namespace {

weft::Nanos makespan_of(const std::filesystem::path& kept_as) {
  const weft::Trace trace =
    weft::generate({.shape = "cybershake", .tasks = 500, .seed = 7, .name = "site-7"}).value();

  std::ofstream file{kept_as};
  weft::write_wfformat(trace, {}, [&file](std::string_view text) { file << text; }).value();

  weft::Registry registry;
  weft::add_replay_functions(registry, trace);
  weft::HarnessOptions options{.seed = 1};
  options.engine.pool = {.slots = 8};
  weft::Harness harness{registry, options};  // In virtual time: an hour takes no time.
  const auto run = harness.submit(weft::replay(trace, {.data_scale = 0}).value());
  harness.run_until_idle();
  return run.record().makespan.value();
}

TEST(Documentation, ShowsGenerators) {
  const auto path = std::filesystem::path(testing::TempDir()) / "weft-docs-generated.json";
  const weft::Nanos makespan = makespan_of(path);
  const weft::Trace trace = weft::load_wfformat(path).value();
  std::filesystem::remove(path);
  EXPECT_EQ(trace.tasks.size(), 500u);
  weft::Nanos work{};
  for (const weft::TraceTask& task : trace.tasks) work += task.runtime;
  EXPECT_GE(makespan, work / 8);
  EXPECT_LT(makespan, work);
}

}  // namespace
}  // namespace weft
