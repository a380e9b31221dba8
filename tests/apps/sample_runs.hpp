#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "weft/apps/weft/run_timeline.hpp"

namespace weft::cli::sample {

using std::chrono::milliseconds;

/// When the stages of an attempt began, in milliseconds since the run's submission.
struct Times {
  int claimed = 0;
  int ready = 0;
  int started = 0;
  int finished = 0;
  int committed = 0;
};

inline TaskMetrics attempt(std::uint32_t task, std::uint32_t worker, const Times& times) {
  return {.task = TaskId{task},
          .template_task = TaskId{task},
          .worker = WorkerId{worker},
          .claimed = milliseconds{times.claimed},
          .inputs_ready = milliseconds{times.ready},
          .started = milliseconds{times.started},
          .finished = milliseconds{times.finished},
          .committed = milliseconds{times.committed},
          .input_size = Bytes{10},
          .fetched_size = Bytes{4},
          .output_size = Bytes{100}};
}

/// The element `row` of the template `task`, numbered `number` in the run.
inline TaskMetrics element(std::uint32_t number, std::uint32_t task, std::uint32_t row,
                           const Times& times) {
  TaskMetrics made = attempt(number, 0, times);
  made.template_task = TaskId{task};
  made.path = {row};
  return made;
}

inline RecordedTask recorded(std::uint32_t task, std::string name, std::string function,
                             std::vector<std::uint32_t> dependencies) {
  RecordedTask made{TaskId{task}, std::move(name), std::move(function), {}};
  for (const std::uint32_t on : dependencies) made.dependencies.push_back(TaskId{on});
  return made;
}

/// `split`, then `left` and `right` on two workers, then `join`: 100 ms, of which `right` decides.
inline RunHistory diamond() {
  RunHistory history;
  history.record = {.id = RunId{12345},
                    .workflow = "diamond",
                    .planner = "simple",
                    .makespan = milliseconds{100},
                    .state = RunState::succeeded,
                    .tasks = {.total = 4, .committed = 4},
                    .workers = 2};
  history.attempts = {attempt(0, 0, {1, 1, 2, 10, 12}), attempt(1, 0, {12, 13, 14, 20, 21}),
                      attempt(2, 1, {15, 18, 25, 75, 80}), attempt(3, 0, {80, 84, 85, 94, 98})};
  history.slots = {
    {.worker = WorkerId{0}, .cold = true, .granted = milliseconds{1}},
    {.worker = WorkerId{1}, .requested = milliseconds{12}, .granted = milliseconds{14}}};
  history.graph = {recorded(0, "split", "split@1", {}), recorded(1, "left", "half@1", {0}),
                   recorded(2, "right", "half@1", {0}), recorded(3, "join", "join@1", {1, 2})};
  return history;
}

}  // namespace weft::cli::sample
