#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "weft/storage/run_store.hpp"

namespace weft {

/// What must be true of a run, told from the definitions alone: everything is looked up afresh,
/// nothing is counted. Slow, and so simple that it can be believed.
///
/// It knows tasks by what they are (a task of the graph and the rows of its element) and works out
/// the numbers that a store must give them.
class RunOracle {
public:
  enum class State : std::uint8_t { waiting, ready, claimed, committed, failed, skipped };

  struct Task {
    TaskId id;
    TaskId stated;                    ///< In the graph.
    std::vector<std::uint32_t> path;  ///< Rows, outermost first.
    State state = State::waiting;
    std::optional<int> output;  ///< Of a committed task that stored one.
    std::vector<int> items;     ///< Of a committed map.
  };

  /// What one slot of a task reads: numbers, or nothing where it is missing.
  using Read = std::vector<std::optional<int>>;

  explicit RunOracle(GraphPtr graph);

  [[nodiscard]] const Graph& graph() const { return *graph_; }
  [[nodiscard]] Task& task(TaskId id) { return tasks_.at(id); }
  [[nodiscard]] const Task& task(TaskId id) const { return tasks_.at(id); }
  [[nodiscard]] std::map<TaskId, Task>& tasks() { return tasks_; }
  [[nodiscard]] bool is_map(const Task& task) const {
    return graph_->task(task.stated).kind == TaskKind::map;
  }

  /// Makes ready what is, and skips what must be. Answers what became ready.
  std::vector<TaskId> update();

  /// Adds the tasks of a map that has been committed with its items.
  void add_elements(const Task& map);

  /// What an attempt of a task is given, by slot.
  [[nodiscard]] std::vector<Read> reads(const Task& task) const;

  /// Whether somebody will or may still read the output of a task.
  [[nodiscard]] bool output_needed(const Task& task) const;

  /// How many elements of maps somebody will or may still read.
  [[nodiscard]] int items_needed() const;

  [[nodiscard]] std::size_t count(State state) const;

private:
  using Path = std::vector<std::uint32_t>;

  [[nodiscard]] static bool over(const Task& task) {
    return task.state == State::committed || task.state == State::failed ||
           task.state == State::skipped;
  }
  void add(TaskId stated, Path path, TaskId id);
  [[nodiscard]] std::size_t depth(TaskId stated) const;
  [[nodiscard]] bool in_body(TaskId stated, TaskId map) const;
  [[nodiscard]] const Task& seen_from(const Path& path, TaskId stated) const;
  [[nodiscard]] const Task& map_of(const Path& path, TaskId gathered) const;

  /// The tasks that must commit first, as far as they exist.
  [[nodiscard]] std::vector<const Task*> predecessors(const Task& task) const;
  [[nodiscard]] bool reads_output(const Task& reader, const Task& of) const;
  [[nodiscard]] bool reads_item(const Task& reader, const Task& map, std::uint32_t row) const;
  void note_readers(TaskId reader);

  GraphPtr graph_;
  /// By tasks of the graph: the reader (or the map in whose body it lies), and what it depends on.
  std::set<std::pair<TaskId, TaskId>> output_readers_, gatherers_, item_readers_;
  std::map<TaskId, Task> tasks_;
  std::map<std::pair<TaskId, Path>, TaskId> ids_;
  std::uint32_t next_;
};

}  // namespace weft
