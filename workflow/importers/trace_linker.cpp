#include "weft/workflow/importers/trace_linker.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace weft {

namespace {

using Index = std::uint32_t;
constexpr Index nowhere = std::numeric_limits<Index>::max();

/// A cycle is shown with so many of its tasks: enough to find it.
constexpr std::size_t max_shown_tasks = 8;

/// Who wrote an input is asked for each of its readers, so that many writers of many readers' file
/// would cost their product.
constexpr std::size_t max_writer_reader_pairs = 50'000'000;

class TraceLinker {
public:
  TraceLinker(RecordedTrace recorded, ProblemList& problems)
    : recorded_(std::move(recorded)), problems_(problems) {}

  Trace link() {
    trace_.name = std::move(recorded_.name);
    take_tasks();
    take_files();
    for (Index i = 0; i < recorded_.tasks.size(); ++i) link_files(i);
    link_tasks();
    check_writers();
    check_cycles();
    return std::move(trace_);
  }

private:
  using Names = std::unordered_map<std::string_view, Index>;
  using Edge = std::pair<Index, Index>;  ///< parent, child

  void take_tasks() {
    if (recorded_.tasks.empty()) problems_.add("the trace has no tasks");
    trace_.tasks.resize(recorded_.tasks.size());
    for (Index i = 0; i < recorded_.tasks.size(); ++i) {
      StatedTask& task = recorded_.tasks[i];
      if (!tasks_.emplace(task.name, i).second) {
        problems_.add(fmt::format("two tasks are called {}", in_quotes(task.name)));
      }
      trace_.tasks[i].name = task.name;
      trace_.tasks[i].category = std::move(task.category);
      trace_.tasks[i].runtime = task.runtime;
    }
    for (Index i = 0; i < recorded_.tasks.size(); ++i) {  // A name wins over an alias.
      if (recorded_.tasks[i].alias) tasks_.emplace(*recorded_.tasks[i].alias, i);
    }
  }

  void take_files() {
    trace_.files.reserve(recorded_.files.size());
    for (const RecordedFile& file : recorded_.files) {
      const auto [place, fresh] =
        files_.emplace(file.name, static_cast<Index>(trace_.files.size()));
      if (fresh) {
        trace_.files.push_back({std::string(file.name), file.size});
      } else {
        problems_.add(fmt::format("two files are called {}", in_quotes(file.name)));
      }
    }
  }

  void link_files(Index task) {
    trace_.tasks[task].inputs = indexes(recorded_.tasks[task].inputs, files_, task, "file");
    trace_.tasks[task].outputs = indexes(recorded_.tasks[task].outputs, files_, task, "file");
  }

  /// Edges may be stated at either end. An end that states any must state all of its own.
  void link_tasks() {
    std::vector<Edge> by_child;
    std::vector<Edge> by_parent;
    for (Index i = 0; i < recorded_.tasks.size(); ++i) {
      const StatedTask& task = recorded_.tasks[i];
      if (task.parents) {
        for (const Index parent : indexes(*task.parents, tasks_, i, "parent")) {
          by_child.emplace_back(parent, i);
        }
      }
      if (task.children) {
        for (const Index child : indexes(*task.children, tasks_, i, "child")) {
          by_parent.emplace_back(i, child);
        }
      }
    }
    add_edges(std::move(by_child), std::move(by_parent));
  }

  void add_edges(std::vector<Edge> by_child, std::vector<Edge> by_parent) {
    std::vector<Edge> known = by_child;
    std::ranges::sort(known);
    std::ranges::sort(by_parent);
    for (const auto& [parent, child] : by_child) {
      trace_.tasks[child].parents.push_back(parent);
      if (recorded_.tasks[parent].children &&
          !std::ranges::binary_search(by_parent, Edge{parent, child})) {
        contradiction(child, "parent", parent, "child");
      }
    }
    for (const auto& [parent, child] : by_parent) {
      if (std::ranges::binary_search(known, Edge{parent, child})) continue;
      if (recorded_.tasks[child].parents) {
        contradiction(parent, "child", child, "parent");
      } else {
        trace_.tasks[child].parents.push_back(parent);
      }
    }
  }

  void contradiction(Index task, std::string_view role, Index other, std::string_view back) {
    if (problems_.full()) return problems_.add({});
    problems_.add(fmt::format("task {} names {} as its {}, which does not name it as its {}",
                              quoted(task), quoted(other), role, back));
  }

  /// The things that `names` stand for, each once.
  std::vector<Index> indexes(const std::vector<std::string_view>& names, const Names& known,
                             Index task, std::string_view role) {
    std::vector<Index> found;
    found.reserve(names.size());
    for (const std::string_view name : names) {
      const auto place = known.find(name);
      if (place != known.end()) {
        if (mark(place->second)) found.push_back(place->second);
      } else if (problems_.full()) {
        problems_.add({});
      } else {
        problems_.add(
          fmt::format("task {} names an unknown {} {}", quoted(task), role, in_quotes(name)));
      }
    }
    ++round_;
    return found;
  }

  /// Whether this is the first time that `index` is marked in this round.
  bool mark(Index index) {
    if (marks_.size() <= index) {
      marks_.resize(std::max(trace_.tasks.size(), trace_.files.size()), 0);
    }
    return std::exchange(marks_[index], round_) != round_;
  }

  void check_writers() {
    std::vector<std::size_t> writers(trace_.files.size(), 0);
    for (const TraceTask& task : trace_.tasks) {
      for (const Index file : task.outputs) ++writers[file];
    }
    std::size_t pairs = 0;
    for (const TraceTask& task : trace_.tasks) {
      for (const Index file : task.inputs) pairs += writers[file];
    }
    if (pairs > max_writer_reader_pairs) {
      problems_.add(fmt::format("its files have {} pairs of a writer and a reader; {} are the most",
                                pairs, max_writer_reader_pairs),
                    "let each file be written by one task");
    }
  }

  // -- cycles -------------------------------------------------------------------------------------

  void check_cycles() {
    const std::vector<Index> waiting = unreachable_tasks();
    // From each task that never becomes ready, walk to one that it waits for; every walk ends in a
    // cycle, either in a new one or in a walk that was made before.
    std::vector<Index> walk_of(trace_.tasks.size(), nowhere);
    for (const Index start : waiting) {
      std::vector<Index> walk;
      Index at = start;
      while (walk_of[at] == nowhere) {
        walk_of[at] = start;
        walk.push_back(at);
        at = *std::ranges::find_if(trace_.tasks[at].parents,
                                   [this](Index parent) { return waits_for_[parent] > 0; });
      }
      if (walk_of[at] == start) report_cycle(walk, at);
    }
  }

  /// Tasks that never become ready: those in a cycle, and those behind one.
  std::vector<Index> unreachable_tasks() {
    const auto count = static_cast<Index>(trace_.tasks.size());
    std::vector<std::vector<Index>> children(count);
    waits_for_.assign(count, 0);
    for (Index i = 0; i < count; ++i) {
      for (const Index parent : trace_.tasks[i].parents) children[parent].push_back(i);
      waits_for_[i] = trace_.tasks[i].parents.size();
    }
    std::vector<Index> ready;
    for (Index i = 0; i < count; ++i) {
      if (waits_for_[i] == 0) ready.push_back(i);
    }
    for (std::size_t next = 0; next < ready.size(); ++next) {
      for (const Index child : children[ready[next]]) {
        if (--waits_for_[child] == 0) ready.push_back(child);
      }
    }
    std::vector<Index> waiting;
    for (Index i = 0; i < count; ++i) {
      if (waits_for_[i] > 0) waiting.push_back(i);
    }
    return waiting;
  }

  /// @param walk each task waits for the next; the last waits for `entry`, which is one of them
  void report_cycle(const std::vector<Index>& walk, Index entry) {
    std::string text = quoted(entry);
    std::size_t shown = 1;
    for (auto step = walk.rbegin(); *step != entry; ++step) {
      if (shown++ < max_shown_tasks) text += " -> " + quoted(*step);
    }
    if (shown > max_shown_tasks) text += fmt::format(" -> {} more", shown - max_shown_tasks);
    problems_.add(fmt::format("tasks wait for one another: {} -> {}", text, quoted(entry)),
                  "take one of these dependencies out");
  }

  [[nodiscard]] std::string quoted(Index task) const {
    return in_quotes(recorded_.tasks[task].name);
  }

  RecordedTrace recorded_;
  ProblemList& problems_;
  Trace trace_;
  Names tasks_;
  Names files_;
  std::vector<Index> marks_;  ///< The round in which each index was met last.
  Index round_ = 1;
  std::vector<std::size_t> waits_for_;  ///< Parents of each task that never become ready.
};

}  // namespace

Trace link_trace(RecordedTrace recorded, ProblemList& problems) {
  return TraceLinker{std::move(recorded), problems}.link();
}

}  // namespace weft
