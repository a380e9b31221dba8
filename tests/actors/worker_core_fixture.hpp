#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "actors/core_fixture.hpp"
#include "storage/counted.hpp"
#include "weft/actors/worker_core.hpp"

namespace weft::test {

inline std::string numbers(const std::vector<TaskId>& tasks) {
  std::vector<std::uint32_t> all;
  for (const TaskId task : tasks) all.push_back(task.number());
  return fmt::format("{}", fmt::join(all, " "));
}

/// Effects as a person would say them, to be compared.
struct EffectText {
  std::string operator()(const WantSlot&) const { return "want a slot"; }
  std::string operator()(const GiveSlotBack& e) const {
    return e.busy ? "give the slot back busy" : "give the slot back";
  }
  std::string operator()(const Claim& e) const { return "claim " + numbers(e.tasks); }
  std::string operator()(const Start& e) const {
    return fmt::format("start {}", e.grant.task.number());
  }
  std::string operator()(const FetchInputs& e) const {
    return fmt::format("fetch {} for {}", numbers(e.outputs), e.task.number());
  }
  std::string operator()(const GiveTasksBack& e) const { return "give back " + numbers(e.tasks); }
  std::string operator()(const TakeLater& e) const {
    return fmt::format("take {} after {}", e.grant.task.number(), format_duration(e.delay));
  }
  std::string operator()(const HandOver& e) const {
    std::vector<TaskId> tasks;
    for (const ReadyTask& task : e.tasks) tasks.push_back(task.task);
    return fmt::format("hand {} to worker {}", numbers(tasks), e.worker.number());
  }
  std::string operator()(const LaunchFlexible& e) const {
    return fmt::format("launch a worker for {}", e.task.task.number());
  }
};

/// Tasks by number, as a store tells of them.
inline std::vector<ReadyTask> ready(std::initializer_list<std::uint32_t> tasks,
                                    WorkerId worker = WorkerId{0}) {
  std::vector<ReadyTask> all;
  for (const std::uint32_t task : tasks) all.push_back({.task = TaskId{task}, .worker = worker});
  return all;
}

/// A worker's core, told what a test says.
class WorkerCoreTest : public OneCore {
protected:
  using Said = std::vector<std::string>;

  /// The worker 0 of a run of `count` tasks that need nothing of one another.
  void start_among(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) tasks.push_back(workflow.task(sample::number));
    freeze();
    start();
  }
  void start() { core.emplace(context, WorkerId{0}); }

  /// Grants of tasks without inputs, by number.
  static std::vector<Grant> grants(std::initializer_list<std::uint32_t> numbers) {
    std::vector<Grant> all;
    for (const std::uint32_t number : numbers) {
      all.push_back({.task = TaskId{number}, .template_task = TaskId{number}});
    }
    return all;
  }

  Said on_ready(const std::vector<ReadyTask>& all) {
    return said([&](auto& effects) { core->on_ready(all, effects); });
  }
  Said on_claimed(std::vector<Grant> all) {
    return said([&](auto& effects) { core->on_claimed(std::move(all), effects); });
  }
  Said on_slot(Nanos now = {}) {
    return said([&](auto& effects) { core->on_slot(now, effects); });
  }
  Said on_yield(Nanos now) {
    return said([&](auto& effects) { core->on_yield(now, effects); });
  }
  Said on_due(Grant grant) {
    return said([&](auto& effects) { core->on_due(std::move(grant), effects); });
  }
  Said on_stop() {
    return said([&](auto& effects) { core->on_stop(effects); });
  }
  Said on_ended(WorkerCore::Ended ended) {
    return said([&](auto& effects) { core->on_ended(std::move(ended), effects); });
  }
  Said on_committed(std::uint32_t task, Nanos now = {}) {
    return on_ended(
      {.task = TaskId{task}, .template_task = TaskId{task}, .committed = true, .now = now});
  }

  /// Becomes ready, is claimed, and starts what it starts.
  Said hold_slot_with(std::initializer_list<std::uint32_t> numbers) {
    static_cast<void>(on_ready(ready(numbers)));
    static_cast<void>(on_claimed(grants(numbers)));
    return on_slot();
  }

  /// What the last `Start` was given as the input of slot 0.
  [[nodiscard]] Value input_of_last_start() const { return last_start.grant.inputs.at(0); }

  std::vector<Future<int>> tasks;
  std::optional<WorkerCore> core;
  Start last_start;

private:
  template <class Step>
  Said said(Step&& step) {
    WorkerCore::Effects effects;
    step(effects);
    Said all;
    for (const WorkerEffect& effect : effects) {
      all.push_back(std::visit(EffectText{}, effect));
      if (const auto* start = std::get_if<Start>(&effect)) last_start = *start;
    }
    return all;
  }
};

}  // namespace weft::test
