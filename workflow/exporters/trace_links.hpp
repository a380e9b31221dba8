#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "weft/workflow/importers/trace.hpp"

namespace weft {

/// The edges of a trace from parent to child, which a trace holds the other way round. Refers to
/// the trace, which must outlive it.
class TraceLinks {
public:
  /// @pre every parent is a task of the trace
  explicit TraceLinks(const Trace& trace);

  [[nodiscard]] std::span<const std::uint32_t> children(std::uint32_t task) const {
    return {children_.data() + first_[task], first_[task + 1] - first_[task]};
  }

  /// The longest chain of runtimes; nothing when tasks wait for one another.
  [[nodiscard]] std::optional<Nanos> longest_chain() const;

private:
  const Trace& trace_;
  std::vector<std::uint32_t> children_;
  std::vector<std::size_t> first_;  ///< Where those of each task begin; one more at the end.
};

}  // namespace weft
