#include "storage/run_oracle.hpp"

#include <algorithm>

namespace weft {

namespace {

bool begins_with(const std::vector<std::uint32_t>& path, const std::vector<std::uint32_t>& start) {
  return path.size() >= start.size() && std::equal(start.begin(), start.end(), path.begin());
}

}  // namespace

RunOracle::RunOracle(GraphPtr graph) : graph_(std::move(graph)), next_(graph_->task_count()) {
  for (std::uint32_t i = 0; i < graph_->task_count(); ++i) {
    if (graph_->task(TaskId{i}).scope == 0) add(TaskId{i}, {}, TaskId{i});
    note_readers(TaskId{i});
  }
}

/// A task reads what it depends on; a map reads what the tasks in its body will read.
void RunOracle::note_readers(TaskId reader) {
  for (std::uint32_t i = 0; i < graph_->task_count(); ++i) {
    const TaskId stated{i};
    if (stated != reader && !in_body(stated, reader)) continue;
    for (const Dependency& dependency : graph_->dependencies(stated)) {
      const std::pair edge{reader, dependency.task};
      if (dependency.kind == DependencyKind::output) output_readers_.insert(edge);
      if (dependency.kind == DependencyKind::item) item_readers_.insert(edge);
      if (dependency.kind == DependencyKind::gather && stated == reader) gatherers_.insert(edge);
    }
  }
}

void RunOracle::add(TaskId stated, Path path, TaskId id) {
  ids_[{stated, path}] = id;
  tasks_[id] = {.id = id, .stated = stated, .path = std::move(path)};
}

void RunOracle::add_elements(const Task& map) {
  const auto& templates = graph_->scope(graph_->task(map.stated).body).templates;
  const std::uint32_t first = next_;
  for (std::uint32_t row = 0; row < map.items.size(); ++row) {
    Path path = map.path;
    path.push_back(row);
    for (const TaskId stated : templates) add(stated, path, TaskId{next_++});
  }
  if (next_ == first) ++next_;  // An empty expansion takes a number, too.
}

// -- who is who ----------------------------------------------------------------------------------

std::size_t RunOracle::depth(TaskId stated) const {
  std::size_t depth = 0;
  for (std::uint32_t s = graph_->task(stated).scope; s != 0; s = graph_->scope(s).parent) ++depth;
  return depth;
}

/// Whether a task of the graph lies in the body of a map, at any depth.
bool RunOracle::in_body(TaskId stated, TaskId map) const {
  for (std::uint32_t s = graph_->task(stated).scope; s != 0; s = graph_->scope(s).parent) {
    if (graph_->scope(s).map == map) return true;
  }
  return false;
}

/// The task that `stated` is for an element: of the same element or of one around it.
const RunOracle::Task& RunOracle::seen_from(const Path& path, TaskId stated) const {
  const auto length = static_cast<std::ptrdiff_t>(depth(stated));
  return tasks_.at(ids_.at({stated, Path{path.begin(), path.begin() + length}}));
}

const RunOracle::Task& RunOracle::map_of(const Path& path, TaskId gathered) const {
  return seen_from(path, graph_->scope(graph_->task(gathered).scope).map);
}

// -- what must come first ------------------------------------------------------------------------

std::vector<const RunOracle::Task*> RunOracle::predecessors(const Task& task) const {
  std::vector<const Task*> all;
  for (const Dependency& dependency : graph_->dependencies(task.stated)) {
    if (dependency.kind != DependencyKind::gather) {
      all.push_back(&seen_from(task.path, dependency.task));
      continue;
    }
    const Task& map = map_of(task.path, dependency.task);
    all.push_back(&map);
    for (std::uint32_t row = 0; row < map.items.size(); ++row) {
      Path path = task.path;
      path.push_back(row);
      all.push_back(&tasks_.at(ids_.at({dependency.task, path})));
    }
  }
  return all;
}

std::vector<TaskId> RunOracle::update() {
  std::vector<TaskId> ready;
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& [id, task] : tasks_) {
      if (task.state != State::waiting) continue;
      const auto first = predecessors(task);
      const bool hopeless = std::ranges::any_of(first, [](const Task* p) {
        return p->state == State::failed || p->state == State::skipped;
      });
      if (hopeless) {
        task.state = State::skipped;
        changed = true;
      } else if (std::ranges::all_of(first,
                                     [](const Task* p) { return p->state == State::committed; })) {
        task.state = State::ready;
        ready.push_back(id);
      }
    }
  }
  return ready;
}

// -- who reads what ------------------------------------------------------------------------------

std::vector<RunOracle::Read> RunOracle::reads(const Task& task) const {
  std::vector<Read> slots;
  for (const Dependency& dependency : graph_->dependencies(task.stated)) {
    Read& slot = slots.emplace_back();
    switch (dependency.kind) {
      case DependencyKind::output:
        slot.push_back(seen_from(task.path, dependency.task).output);
        break;
      case DependencyKind::order:
        slot.push_back(std::nullopt);
        break;
      case DependencyKind::item: {
        const Task& map = seen_from(task.path, dependency.task);
        slot.push_back(map.items.at(task.path.at(map.path.size())));
        break;
      }
      case DependencyKind::gather: {
        const Task& map = map_of(task.path, dependency.task);
        for (std::uint32_t row = 0; row < map.items.size(); ++row) {
          Path path = task.path;
          path.push_back(row);
          slot.push_back(tasks_.at(ids_.at({dependency.task, path})).output);
        }
        break;
      }
    }
  }
  return slots;
}

bool RunOracle::reads_output(const Task& reader, const Task& of) const {
  if (output_readers_.contains({reader.stated, of.stated}))
    return begins_with(reader.path, of.path);
  return of.path.size() == reader.path.size() + 1 && begins_with(of.path, reader.path) &&
         gatherers_.contains({reader.stated, of.stated});
}

bool RunOracle::output_needed(const Task& task) const {
  return std::ranges::any_of(tasks_, [&](const auto& entry) {
    return !over(entry.second) && reads_output(entry.second, task);
  });
}

bool RunOracle::reads_item(const Task& reader, const Task& map, std::uint32_t row) const {
  Path element = map.path;
  element.push_back(row);
  return begins_with(reader.path, element) && item_readers_.contains({reader.stated, map.stated});
}

int RunOracle::items_needed() const {
  int needed = 0;
  for (const auto& [id, map] : tasks_) {
    for (std::uint32_t row = 0; row < map.items.size(); ++row) {
      const bool read = std::ranges::any_of(tasks_, [&](const auto& entry) {
        return !over(entry.second) && reads_item(entry.second, map, row);
      });
      if (read) ++needed;
    }
  }
  return needed;
}

std::size_t RunOracle::count(State state) const {
  return static_cast<std::size_t>(std::ranges::count_if(
    tasks_, [state](const auto& entry) { return entry.second.state == state; }));
}

}  // namespace weft
