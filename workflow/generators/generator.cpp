#include "weft/workflow/generators/generator.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/workflow/generators/shapes.hpp"
#include "weft/workflow/registry.hpp"

namespace weft {

namespace {

const std::vector<ShapeRecipe>& recipes() {
  static const std::vector<ShapeRecipe> all{montage_shape(),
                                            epigenomics_shape(),
                                            cybershake_shape(),
                                            seismology_shape(),
                                            thousand_genomes_shape(),
                                            blast_shape(),
                                            bwa_shape(),
                                            soykb_shape(),
                                            srasearch_shape(),
                                            chain_shape(),
                                            fan_out_fan_in_shape(),
                                            fixed_times_shape(),
                                            random_layers_shape()};
  return all;
}

Error unknown_shape(std::string_view name) {
  std::vector<std::string> known;
  for (const ShapeRecipe& recipe : recipes()) known.emplace_back(recipe.shape.name);
  const auto nearest = nearest_names(name, known);
  return {.code = Errc::invalid_argument,
          .message = "there is no shape " + in_quotes(name),
          .hint = nearest.empty() ? fmt::format("choose one of {}", fmt::join(known, ", "))
                                  : fmt::format("did you mean {}?", fmt::join(nearest, ", "))};
}

Result<void> check_tasks(const GeneratedShape& shape, std::uint32_t tasks) {
  if (tasks >= shape.least && tasks <= max_generated_tasks) return {};
  return Error{
    .code = Errc::invalid_argument,
    .message =
      fmt::format("a workflow of shape {} cannot have {} tasks", in_quotes(shape.name), tasks),
    .hint = fmt::format("give a number from {} to {}", shape.least, max_generated_tasks)};
}

}  // namespace

const std::vector<GeneratedShape>& generated_shapes() {
  static const std::vector<GeneratedShape> shapes = [] {
    std::vector<GeneratedShape> all;
    for (const ShapeRecipe& recipe : recipes()) all.push_back(recipe.shape);
    return all;
  }();
  return shapes;
}

Result<Trace> generate(const GeneratorOptions& options) {
  const auto found = std::ranges::find(recipes(), std::string_view(options.shape),
                                       [](const ShapeRecipe& x) { return x.shape.name; });
  if (found == recipes().end()) return unknown_shape(options.shape);
  const std::uint32_t tasks = options.tasks.value_or(found->shape.usual);
  if (auto possible = check_tasks(found->shape, tasks); !possible) return possible.error();
  TraceBuilder builder{options.name, options.seed};
  found->build(builder, tasks);
  Trace trace = std::move(builder).take();
  if (trace.name.empty()) trace.name = fmt::format("{}-{}", options.shape, trace.tasks.size());
  return trace;
}

}  // namespace weft
