#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

/// Which task of a benchmark reads which. Knows nothing of weft, so that other systems run the very
/// same graph.
///
/// The shapes are those that schedulers are usually compared by:
///  - `chain`: `tasks` in a row
///  - `fan`: one, then `tasks`, then one that takes them all
///  - `tree`: binary reduction of leaves, `tasks` in all
///  - `gemm`: blocked matrix product: k x k cells, each the sum of k products of two blocks
///  - `layered`: random layers of width sqrt(`tasks`); each task takes up to three of the layer
///    before; the same graph every time
class BenchGraph {
public:
  /// Appends a task. @param inputs tasks that were appended before; one may stand there twice
  /// @return its number, counted from 0
  std::uint32_t add(std::span<const std::uint32_t> inputs);

  [[nodiscard]] std::uint32_t task_count() const {
    return static_cast<std::uint32_t>(first_input_.size() - 1);
  }
  [[nodiscard]] std::size_t input_count() const { return inputs_.size(); }
  [[nodiscard]] std::span<const std::uint32_t> inputs(std::uint32_t task) const {
    return std::span{inputs_}.subspan(first_input_[task],
                                      first_input_[task + 1] - first_input_[task]);
  }
  /// The task that all others lead to.
  [[nodiscard]] std::uint32_t result() const { return task_count() - 1; }

private:
  std::vector<std::uint32_t> inputs_;           ///< Of all tasks, one after another.
  std::vector<std::size_t> first_input_ = {0};  ///< Where each task's begin; one more at the end.
};

[[nodiscard]] const std::vector<std::string>& bench_shape_names();

/// Nothing when there is no such shape.
/// @param tasks about so many, at least 1: shapes with a fixed structure take the nearest that fits
[[nodiscard]] std::optional<BenchGraph> make_bench_graph(std::string_view shape,
                                                         std::uint32_t tasks);

}  // namespace weft::cli
