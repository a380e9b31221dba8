#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "weft/workflow/generators/shapes.hpp"

namespace weft {

namespace {

constexpr Spread second{100, 1000, 10'000};
constexpr Spread half_a_second{500, 500, 500};
constexpr Spread megabyte{100'000, 1'000'000, 10'000'000};

constexpr GeneratedKind link{"link", second};
constexpr GeneratedKind fan_out{"fan_out", second};
constexpr GeneratedKind branch{"branch", second};
constexpr GeneratedKind fan_in{"fan_in", second};
constexpr GeneratedKind fixed{"fixed", half_a_second};
constexpr GeneratedKind sink{"sink", half_a_second};
constexpr GeneratedKind node{"node", second};

void build_chain(TraceBuilder& builder, std::uint32_t tasks) {
  FileRef last = builder.given("start", megabyte);
  for (std::uint32_t i = 0; i < tasks; ++i) {
    builder.task(link);
    builder.reads(last);
    last = builder.writes("out", megabyte);
  }
}

void build_fan_out_fan_in(TraceBuilder& builder, std::uint32_t tasks) {
  builder.task(fan_out);
  const FileRef start = builder.writes("out", megabyte);
  std::vector<FileRef> branches;
  for (std::uint32_t i = 2; i < tasks; ++i) {
    builder.task(branch);
    builder.reads(start);
    branches.push_back(builder.writes("out", megabyte));
  }
  builder.task(fan_in);
  builder.reads(branches);
  builder.writes("out", megabyte);
}

void build_fixed_times(TraceBuilder& builder, std::uint32_t tasks) {
  constexpr std::uint32_t longest = 5;
  constexpr std::uint32_t chained = longest * (longest + 1) / 2;
  constexpr Spread kilobyte{1000, 1000, 1000};
  const std::uint32_t groups =
    nearest_parts(tasks, [](std::uint32_t count) { return std::uint64_t{chained} * count + 1; });
  std::vector<FileRef> ends;
  for (std::uint32_t group = 0; group < groups; ++group) {
    for (std::uint32_t length = longest; length >= 1; --length) {
      for (std::uint32_t i = 0; i < length; ++i) {
        builder.task(fixed);
        if (i > 0) builder.reads(ends.back());
        const FileRef made = builder.writes("out", kilobyte);
        if (i > 0) ends.pop_back();
        ends.push_back(made);
      }
    }
  }
  builder.task(sink);
  builder.reads(ends);
}

void build_random_layers(TraceBuilder& builder, std::uint32_t tasks) {
  const auto width = std::max(1u, static_cast<std::uint32_t>(std::sqrt(double{1} * tasks)));
  constexpr std::uint64_t most_parents = 3;
  std::vector<FileRef> layer;
  std::vector<FileRef> next;
  for (std::uint32_t i = 0; i < tasks; ++i) {
    std::set<FileRef> inputs;  // Ordered, so that the same draws are the same workflow.
    if (!layer.empty()) {
      const std::uint64_t count = 1 + builder.draws().below(most_parents);
      for (std::uint64_t k = 0; k < count; ++k) {
        inputs.insert(layer[builder.draws().below(layer.size())]);
      }
    }
    builder.task(node);
    for (const FileRef input : inputs) builder.reads(input);
    next.push_back(builder.writes("out", megabyte));
    if (next.size() == width) layer = std::exchange(next, {});
  }
}

}  // namespace

/// Tasks in a row, of about a second and a megabyte each: what cannot be made faster by workers.
ShapeRecipe chain_shape() {
  return {.shape = {.name = "chain",
                    .summary = "for tests: N tasks in a row",
                    .source = "ours",
                    .least = 1,
                    .usual = 10,
                    .step = 0},
          .build = build_chain};
}

/// One task, many side by side, one that takes them all.
ShapeRecipe fan_out_fan_in_shape() {
  return {.shape = {.name = "fan_out_fan_in",
                    .summary = "for tests: one task, N side by side, one that takes them all",
                    .source = "ours",
                    .least = 3,
                    .usual = 100,
                    .step = 0},
          .build = build_fan_out_fan_in};
}

/// Chains of 5, 4, 3, 2 and 1 tasks of half a second each, in groups, into one sink. No time is
/// drawn, so that makespans are known beforehand: 3 s where every chain has a slot.
ShapeRecipe fixed_times_shape() {
  return {.shape = {.name = "fixed_times",
                    .summary = "for tests: chains of 5, 4, 3, 2 and 1 tasks of 0.5 s into one sink",
                    .source = "ours",
                    .least = 16,
                    .usual = 16,
                    .step = 7},
          .build = build_fixed_times};
}

/// Layers of about the square root of the number of tasks; each task takes one to three of the
/// layer before, and the last layer may be shorter.
ShapeRecipe random_layers_shape() {
  return {
    .shape = {.name = "random_layers",
              .summary =
                "for tests: layers of equal width, each task takes 1 to 3 of the layer before",
              .source = "ours",
              .least = 1,
              .usual = 100,
              .step = 0},
    .build = build_random_layers};
}

}  // namespace weft
