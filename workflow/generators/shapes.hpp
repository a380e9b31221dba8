#pragma once

#include <cstdint>

#include "weft/workflow/generators/generator.hpp"
#include "weft/workflow/generators/trace_builder.hpp"

namespace weft {

/// A shape and how it is made.
struct ShapeRecipe {
  GeneratedShape shape;
  /// Builds a workflow of about `tasks` tasks, which are at least the shape's least.
  void (*build)(TraceBuilder& builder, std::uint32_t tasks);
};

// -- recorded applications ------------------------------------------------------------------------

[[nodiscard]] ShapeRecipe montage_shape();
[[nodiscard]] ShapeRecipe epigenomics_shape();
[[nodiscard]] ShapeRecipe cybershake_shape();
[[nodiscard]] ShapeRecipe seismology_shape();
[[nodiscard]] ShapeRecipe thousand_genomes_shape();
[[nodiscard]] ShapeRecipe blast_shape();
[[nodiscard]] ShapeRecipe bwa_shape();
[[nodiscard]] ShapeRecipe soykb_shape();
[[nodiscard]] ShapeRecipe srasearch_shape();

// -- for tests ------------------------------------------------------------------------------------

[[nodiscard]] ShapeRecipe chain_shape();
[[nodiscard]] ShapeRecipe fan_out_fan_in_shape();
[[nodiscard]] ShapeRecipe fixed_times_shape();
[[nodiscard]] ShapeRecipe random_layers_shape();

// -- sizes ----------------------------------------------------------------------------------------

/// The number of parts, from 1 on, with which a workflow has nearest to `tasks` tasks.
/// @param size the tasks of so many parts; grows with them
template <class Size>
[[nodiscard]] std::uint32_t nearest_parts(std::uint32_t tasks, Size size) {
  std::uint32_t low = 1;
  std::uint32_t high = tasks + 1;  // Each part adds a task at least.
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    (size(middle) <= tasks ? low : high) = middle;
  }
  const std::uint64_t below = size(low);
  const std::uint64_t above = size(high);
  return below >= tasks || tasks - below <= above - tasks ? low : high;
}

}  // namespace weft
