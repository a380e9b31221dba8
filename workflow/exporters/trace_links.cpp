#include "weft/workflow/exporters/trace_links.hpp"

#include <algorithm>

namespace weft {

TraceLinks::TraceLinks(const Trace& trace)
  : trace_(trace), children_(trace.edge_count()), first_(trace.tasks.size() + 1, 0) {
  for (const TraceTask& task : trace.tasks) {
    for (const std::uint32_t parent : task.parents) ++first_[parent + 1];
  }
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
  for (std::uint32_t i = 0; i < trace.tasks.size(); ++i) {
    for (const std::uint32_t parent : trace.tasks[i].parents) children_[next[parent]++] = i;
  }
}

std::optional<Nanos> TraceLinks::longest_chain() const {
  const auto count = static_cast<std::uint32_t>(trace_.tasks.size());
  std::vector<std::size_t> pending(count);
  std::vector<std::uint32_t> ready;
  std::vector<Nanos> begins(count, Nanos{});
  for (std::uint32_t i = 0; i < count; ++i) {
    pending[i] = trace_.tasks[i].parents.size();
    if (pending[i] == 0) ready.push_back(i);
  }
  Nanos longest{};
  for (std::size_t next = 0; next < ready.size(); ++next) {
    const Nanos end = begins[ready[next]] + trace_.tasks[ready[next]].runtime;
    longest = std::max(longest, end);
    for (const std::uint32_t child : children(ready[next])) {
      begins[child] = std::max(begins[child], end);
      if (--pending[child] == 0) ready.push_back(child);
    }
  }
  if (ready.size() < count) return std::nullopt;
  return longest;
}

}  // namespace weft
