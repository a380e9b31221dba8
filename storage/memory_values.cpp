// What becomes of the values of a run in memory: who reads them, and when they are released.

#include <fmt/format.h>

#include "weft/storage/memory_run.hpp"

namespace weft {

// -- readers -------------------------------------------------------------------------------------

/// A task is done, however it ended: it reads no more.
void MemoryRun::release_inputs(TaskId task) {
  const TaskOrigin from = table_.origin(task);
  const Task& stated = graph().task(from.task);
  for (const Dependency& input : graph().dependencies(from.task)) {
    if (input.kind == DependencyKind::output) drop_reader(table_.resolve(from, input.task));
    if (input.kind != DependencyKind::gather) continue;
    const Scope& scope = graph().scope(graph().task(input.task).scope);
    const Expansion* rows = table_.expansion_of(table_.resolve(from, scope.map));
    if (!rows) continue;
    const std::uint32_t position = graph().position(input.task);
    for (std::uint32_t row = 0; row < rows->items; ++row) {
      drop_reader(TaskId{rows->first.number() + row * rows->width + position});
    }
  }
  if (stated.kind == TaskKind::map) {
    for (const TaskId retained : facts_[stated.body].retained) {
      drop_reader(table_.resolve(from, retained));
    }
  }
  if (!from.expansion) return;
  for (const TaskId map : facts_[stated.scope].items_read[graph().position(from.task)]) {
    const TaskOrigin row = row_of(from, map);
    Value item = items_.drop(row.expansion->first, row.row);
    if (!item.missing()) released_.push_back(std::move(item));
  }
}

void MemoryRun::drop_reader(TaskId task) {
  TaskState& state = states_[task];
  check(state.readers > 0, "a task that is done with an output was one of its readers");
  if (--state.readers == 0 && !state.kept) release_output(task);
}

void MemoryRun::release_output(TaskId task) {
  TaskState& state = states_[task];
  if (state.output.missing()) return;
  released_.push_back(std::exchange(state.output, {}));
  if (state.chunked) chunks_.drop(task);
}

// -- reading and writing -------------------------------------------------------------------------

Result<std::vector<Value>> MemoryRun::fetch(std::span<const TaskId> tasks) const {
  if (auto known = check_known(tasks); !known) return std::move(known).error();
  std::vector<Value> values;
  values.reserve(tasks.size());
  for (const TaskId task : tasks) values.push_back(states_[task].output);
  return values;
}

Result<void> MemoryRun::put_chunk(PutChunk& chunk) {
  if (auto known = check_known({&chunk.task, 1}); !known) return known;
  const TaskState& state = states_[chunk.task];
  if (ended() || state.status != TaskStatus::claimed || state.fence != chunk.fence) {
    return Error{
      .code = Errc::claim_lost,
      .message = fmt::format("the claim on {} is no longer valid", table_.name(chunk.task)),
      .hint = "stop this attempt: its output is not wanted any more"};
  }
  ++chunks_put_;
  return chunks_.put(chunk.task, chunk.index, std::move(chunk.bytes));
}

Result<Chunks> MemoryRun::read_chunks(TaskId task, std::uint32_t first) const {
  if (auto known = check_known({&task, 1}); !known) return std::move(known).error();
  const TaskState& state = states_[task];
  if (state.chunked && state.output.missing()) {
    return Error{.code = Errc::input_missing,
                 .message = fmt::format("the output of {} has been released", table_.name(task)),
                 .hint = "keep the output to read it after its last reader"};
  }
  return Chunks{.fence = state.fence,
                .bytes = chunks_.read(task, first, state.output),
                .complete = state.status == TaskStatus::committed};
}

}  // namespace weft
