#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "weft/storage/run_store.hpp"
#include "weft/workflow/task_table.hpp"

namespace weft::redis {

/// What names the tasks of a run: its graph and the maps that have expanded. Grows; not thread-safe
/// by itself: used on the client's I/O thread.
struct RunView {
  explicit RunView(GraphPtr graph) : table(std::move(graph)) {}

  TaskTable table;
  std::uint32_t expansions = 0;
};

using RunViewPtr = std::shared_ptr<RunView>;

/// Reads an entry of the store's event list. Fails with `decode_failed`.
[[nodiscard]] Result<RunEvent> read_event(std::string_view entry);

/// The task whose name has to be known to write the event for people, besides its own.
[[nodiscard]] TaskId last_named(const RunEvent& event);

/// Adds names and messages.
void complete(RunEvent& event, const RunView& view);

/// Reads an entry of the store's errors; the name of its task is added by `complete`.
struct KeptError {
  TaskId task;
  bool of_task = false;
  std::uint8_t kind = 0;
  Error error;
};
[[nodiscard]] Result<KeptError> read_error(std::string_view entry);
void complete(KeptError& kept, const RunView& view);

}  // namespace weft::redis
