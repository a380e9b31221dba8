#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/dice.hpp"
#include "weft/workflow/workflow.hpp"
#include "workflow/sample_tasks.hpp"

namespace weft::test {

/// A workflow that a seed chooses, and what its author knows of each task's dependencies: those
/// that it reads in the order of its arguments, then those that it only follows. Tasks by number.
struct WrittenWorkflow {
  Workflow workflow{"written"};
  std::map<TaskId, std::vector<Dependency>> dependencies;
};

/// Writes random workflows: nested arguments, outputs taken twice, edges that skip levels, maps of
/// maps, further steps of maps, filters, order, and tasks by name that point backwards.
class RandomWriter {
public:
  explicit RandomWriter(std::uint64_t seed) : dice_(seed) {}

  WrittenWorkflow write() && {
    write_scope({}, 0);
    for (const auto& [later, earlier] : order_) follow(later, earlier);
    return std::move(written_);
  }

private:
  using Numbers = sample::Numbers;
  using Slots = std::vector<Dependency>;

  static constexpr int max_depth = 3;

  /// What the tasks of a scope may take.
  struct Visible {
    std::vector<Future<int>> numbers;
    std::vector<Future<Numbers>> lists;
    std::vector<Future<sample::Lists>> nested;
  };

  Future<int> write_scope(Visible visible, int depth) {
    std::vector<Mapped<int>> mapped;  // Of this scope's own maps.
    Future<int> last = add_number(visible);
    const std::uint32_t steps = depth == 0 ? 3 + dice_.roll(25) : dice_.roll(7);
    for (std::uint32_t i = 0; i < steps; ++i) {
      switch (dice_.roll(9)) {
        case 0:
          visible.lists.push_back(add_list(visible));
          break;
        case 1:
          visible.nested.push_back(known(workflow().task(sample::triangle, 1 + dice_.roll(3)), {}));
          break;
        case 2:
        case 3:
          if (depth < max_depth) add_map(visible, mapped, depth);
          break;
        case 4:
          if (!mapped.empty()) add_step(visible, mapped);
          break;
        case 5:
          if (!mapped.empty()) visible.numbers.push_back(last = add_total(mapped));
          break;
        case 6:
          if (!visible.lists.empty()) visible.lists.push_back(add_filter(visible));
          break;
        case 7:
          if (depth == 0) visible.numbers.push_back(last = add_by_name(visible));
          break;
        default:
          last = add_number(visible);
      }
    }
    return last;
  }

  // -- tasks --------------------------------------------------------------------------------------

  Future<int> add_number(Visible& visible) {
    const auto taken = some(visible.numbers);
    Slots slots;
    for (const auto& future : taken) read(slots, future);
    Future<int> added;
    if (taken.size() == 2 && dice_.chance(50)) {
      added = workflow().task(sample::add, taken[0], taken[1]);
    } else {
      added = workflow().task(sample::sum, taken);
    }
    known(added, slots);
    if (!visible.numbers.empty() && dice_.chance(25)) {
      order_.emplace_back(added, dice_.pick(visible.numbers));
    }
    visible.numbers.push_back(added);
    return added;
  }

  Future<Numbers> add_list(const Visible& visible) {
    const auto a = some(visible.numbers);
    const auto b = some(visible.numbers);
    Slots slots;
    for (const auto& future : a) read(slots, future);
    for (const auto& future : b) read(slots, future);
    return known(workflow().task(sample::both, a, b), slots);
  }

  Future<Numbers> add_filter(const Visible& visible) {
    const auto list = dice_.pick(visible.lists);
    const std::uint32_t before = workflow().task_count();
    const auto kept = workflow().filter(list, sample::is_odd);
    const TaskId map{before};
    known_as(map, {of(list)});
    known_as(TaskId{before + 1}, {{map, DependencyKind::item}});
    return known(kept, {of(list), {TaskId{before + 1}, DependencyKind::gather}});
  }

  void add_map(const Visible& visible, std::vector<Mapped<int>>& mapped, int depth) {
    const TaskId map{workflow().task_count()};
    if (!visible.nested.empty() && dice_.chance(40)) {
      const auto lists = dice_.pick(visible.nested);
      known_as(map, {of(lists)});
      mapped.push_back(workflow().for_each(lists, [&](Future<Numbers> row) {
        Visible inside = visible;
        inside.lists.push_back(row);
        return write_scope(std::move(inside), depth + 1);
      }));
    } else if (!visible.lists.empty()) {
      const auto list = dice_.pick(visible.lists);
      known_as(map, {of(list)});
      mapped.push_back(workflow().for_each(list, [&](Future<int> x) {
        Visible inside = visible;
        if (dice_.chance(80)) inside.numbers.push_back(x);
        return write_scope(std::move(inside), depth + 1);
      }));
    }
  }

  /// A further step of a map: it takes an element's output, and something around the map.
  void add_step(const Visible& visible, std::vector<Mapped<int>>& mapped) {
    const auto each = dice_.pick(mapped);
    const auto other = dice_.pick(visible.numbers);
    Slots slots;
    add(slots, {each.task(), DependencyKind::output});
    read(slots, other);
    mapped.push_back(known(workflow().map(each, sample::add, other), slots));
  }

  Future<int> add_total(const std::vector<Mapped<int>>& mapped) {
    const auto a = dice_.pick(mapped);
    const auto b = dice_.pick(mapped);
    Slots slots;
    add(slots, {a.task(), DependencyKind::gather});
    add(slots, {b.task(), DependencyKind::gather});
    return known(workflow().task(total_, std::vector{a, b}), slots);
  }

  /// A task by name, which takes a task by name that is added after it.
  Future<int> add_by_name(const Visible& visible) {
    const TaskId reader{workflow().task_count()};
    const TaskId late{reader.number() + 1};
    const std::string name = "late_" + std::to_string(late.number());
    const ArgumentSpec late_output{ArgumentSpec::Output{name}};
    workflow().add({.name = "reader_" + std::to_string(reader.number()),
                    .function = {"sum"},
                    .arguments = {{ArgumentSpec::List{late_output, {Value::of(1)}, late_output}}}});
    workflow().add({.name = name, .function = {"number"}, .arguments = {{Value::of(2)}}});
    known_as(reader, {{late, DependencyKind::output}});
    known_as(late, {});
    const Future<int> result{workflow().tag(), reader, AnyFuture::Kind::output};
    if (dice_.chance(30)) order_.emplace_back(result, dice_.pick(visible.numbers));
    return result;
  }

  // -- what is known of them ----------------------------------------------------------------------

  Workflow& workflow() { return written_.workflow; }

  static Dependency of(const AnyFuture& future) {
    const bool item = future.kind() == AnyFuture::Kind::item;
    return {future.task(), item ? DependencyKind::item : DependencyKind::output};
  }
  static void add(Slots& slots, Dependency dependency) {
    for (const Dependency& slot : slots) {
      if (slot == dependency) return;
    }
    slots.push_back(dependency);
  }
  static void read(Slots& slots, const AnyFuture& future) { add(slots, of(future)); }

  template <class F>
  F known(const F& future, Slots slots) {
    known_as(future.task(), std::move(slots));
    return future;
  }
  void known_as(TaskId task, Slots slots) { written_.dependencies[task] = std::move(slots); }

  /// Lets a task follow another that it may or may not read, unless that is the element it is for.
  void follow(const AnyFuture& later, const AnyFuture& earlier) {
    workflow().after(later, earlier);
    if (earlier.kind() == AnyFuture::Kind::item) return;
    Slots& slots = written_.dependencies[later.task()];
    for (const Dependency& slot : slots) {
      if (slot.task == earlier.task()) return;
    }
    slots.push_back({earlier.task(), DependencyKind::order});
  }

  std::vector<Future<int>> some(const std::vector<Future<int>>& from) {
    std::vector<Future<int>> chosen;
    if (from.empty()) return chosen;
    for (std::uint32_t i = dice_.roll(4); i > 0; --i) {
      // Mostly what is near, sometimes what is far: edges that skip levels.
      const std::size_t near = std::min<std::size_t>(from.size(), 4);
      chosen.push_back(dice_.chance(70) ? from[from.size() - 1 - dice_.roll(near)]
                                        : dice_.pick(from));
    }
    return chosen;
  }

  Dice dice_;
  WrittenWorkflow written_;
  std::vector<std::pair<AnyFuture, AnyFuture>> order_;  ///< later, earlier
  Function<int (*)(const sample::Lists&)> total_{
    "total@1", +[](const sample::Lists& lists) { return static_cast<int>(lists.size()); }};
};

}  // namespace weft::test
