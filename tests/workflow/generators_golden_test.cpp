// Generated workflows are the same on every platform and in every version, unless a review has seen
// the difference.

#include <gtest/gtest.h>

#include <cstdint>

#include "support/golden.hpp"
#include "weft/workflow/exporters/wfformat_writer.hpp"
#include "weft/workflow/generators/generator.hpp"

namespace weft {
namespace {

/// FNV-1a, 64 bits (Fowler, Noll, Vo).
std::uint64_t digest(std::string_view text) {
  std::uint64_t value = 14'695'981'039'346'656'037ull;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ull;
  return value;
}

std::string text_of(const Trace& trace) {
  std::string text;
  write_wfformat(trace, {}, [&text](std::string_view part) { text += part; }).value();
  return text;
}

TEST(GeneratorsGolden, MakeTheSameWorkflowsAsEver) {
  std::string lines;
  for (const GeneratedShape& shape : generated_shapes()) {
    for (const std::uint64_t seed : {1, 2}) {
      const Trace trace =
        generate({.shape = std::string(shape.name), .tasks = {}, .seed = seed, .name = {}}).value();
      char line[160];
      std::snprintf(line, sizeof line, "%-14.*s seed %d  %3zu tasks  %4zu edges  %016llx\n",
                    static_cast<int>(shape.name.size()), shape.name.data(), static_cast<int>(seed),
                    trace.tasks.size(), trace.edge_count(),
                    static_cast<unsigned long long>(digest(text_of(trace))));
      lines += line;
    }
  }
  test::expect_golden("generated_shapes.txt", lines);
}

TEST(GeneratorsGolden, AreWrittenAsEver) {
  const Trace trace =
    generate({.shape = "fixed_times", .tasks = {}, .seed = 1, .name = {}}).value();
  test::expect_golden("fixed_times.json", text_of(trace));
}

}  // namespace
}  // namespace weft
