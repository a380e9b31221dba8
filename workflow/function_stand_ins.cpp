#include "weft/workflow/function_stand_ins.hpp"

#include <fmt/format.h>

#include "weft/workflow/graph_codec.hpp"

namespace weft {

Result<Value> MissingFunction::call(ArgumentReader&, TaskContext&) const {
  return Error{.code = Errc::function_unknown,
               .message = "function " + in_quotes(to_string(name())) + " is not registered",
               .hint = "add it to the registry of every process that takes part in the run"};
}

Result<Value> AbsentFunction::call(ArgumentReader&, TaskContext& context) const {
  return Error{.code = Errc::internal,
               .message = "task " + in_quotes(context.task_name()) +
                          " is not part of the slice of the graph that this worker has"};
}

std::vector<Error> missing_functions(const Graph& graph, const Registry& registry) {
  constexpr std::size_t max_listed = 50;  // Looking for near names takes a while for each.
  std::vector<Error> missing;
  std::vector<bool> seen;  // By the function's index.
  for (std::uint32_t i = 0; i < graph.task_count() && missing.size() < max_listed; ++i) {
    const Task& task = graph.task(TaskId{i});
    if (task.kind == TaskKind::map) continue;
    if (task.function >= seen.size()) seen.resize(task.function + 1);
    if (seen[task.function]) continue;
    seen[task.function] = true;
    const auto* stand_in = dynamic_cast<const MissingFunction*>(&graph.function(TaskId{i}));
    if (!stand_in) continue;
    if (auto found = registry.find(stand_in->name()); !found) {
      missing.push_back(std::move(found).error());
    } else {
      missing.push_back(
        {.code = Errc::function_unknown,
         .message = fmt::format("function {} was registered after the graph was decoded",
                                in_quotes(to_string(stand_in->name()))),
         .hint = "fill the registry first"});
    }
  }
  return missing;
}

}  // namespace weft
