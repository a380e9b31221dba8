#pragma once

#include <string>

#include "weft/workflow/plan.hpp"

namespace weft {

/// A plan as one JSON document with line breaks: workers, and every task with its place, urgency
/// and optimizations. Equal plans give equal text.
[[nodiscard]] std::string to_json(const Graph& graph, const Plan& plan);

/// A plan as a table for people. Long plans are cut; their JSON form is whole.
[[nodiscard]] std::string to_text(const Graph& graph, const Plan& plan);

/// Tasks that the table shows.
inline constexpr std::size_t max_text_rows = 200;

}  // namespace weft
