#pragma once

#include <vector>

#include "weft/workflow/codec.hpp"
#include "weft/workflow/graph.hpp"
#include "weft/workflow/metrics.hpp"

namespace weft {

// Tables as the history keeps them: one list for each column, so that names are stored once a table
// and neighbouring numbers stay small. What is read back is checked, since files may be damaged or
// hostile.

[[nodiscard]] Blob encode_tasks(const std::vector<TaskMetrics>& tasks);

/// Appends the tasks of one batch. Fails with `decode_failed` or `limit_exceeded`.
[[nodiscard]] Result<void> decode_tasks(std::string_view bytes, std::vector<TaskMetrics>& tasks);

/// The tasks of a graph, templates included, with what each depends on.
[[nodiscard]] Blob encode_graph(const Graph& graph);

/// Fails with `decode_failed` or `limit_exceeded`.
[[nodiscard]] Result<std::vector<RecordedTask>> decode_graph(std::string_view bytes);

/// Limits on every encoding in the history: more than a batch or a graph that is kept ever has.
inline constexpr DecodeLimits history_limits{.items = 16u << 20, .bytes = 256u << 20, .depth = 32};

}  // namespace weft
