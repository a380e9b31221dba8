#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "weft/apps/weft/observed_run.hpp"
#include "weft/workflow/metrics.hpp"

namespace weft::cli {

/// One task of the critical path.
struct CriticalStep {
  std::string task;
  std::string function;
  WorkerId worker;
  Phases phases;

  friend bool operator==(const CriticalStep&, const CriticalStep&) = default;
};

/// The chain of tasks that depend on one another which took longest, from ready to commit.
struct CriticalPath {
  std::vector<CriticalStep> steps;  ///< In the order in which they ran.
  Phases phases;                    ///< Of all steps.

  friend bool operator==(const CriticalPath&, const CriticalPath&) = default;
};

/// What the tasks of one function took, all together.
struct FunctionUse {
  std::string function;
  std::uint64_t tasks = 0;
  std::uint64_t attempts = 0;
  Phases phases;
  Nanos longest_execution{};

  friend bool operator==(const FunctionUse&, const FunctionUse&) = default;
};

/// How the slots of a run started, and how busy they were.
struct SlotUse {
  std::uint64_t cold = 0;
  std::uint64_t warm = 0;
  Nanos starting{};            ///< Requested until granted, over all of them.
  std::uint64_t workers = 0;   ///< Distinct workers that ran a task or got a slot.
  std::optional<double> busy;  ///< Share of workers times makespan spent in functions.

  friend bool operator==(const SlotUse&, const SlotUse&) = default;
};

/// What there is to say about a run: after `weft run`, and by `weft show`. A plain value.
struct RunSummary {
  RunRecord record;
  CriticalPath critical_path;  ///< No steps when the graph was not kept.
  /// The longest chain of execution alone: what no number of workers makes shorter.
  Nanos longest_execution{};
  Phases phases;                       ///< Of all tasks.
  std::vector<FunctionUse> functions;  ///< Most execution first.
  SlotUse slots;
  Bytes output_size;   ///< Of all committed tasks.
  Bytes fetched_size;  ///< Read from the store rather than handed over.
};

/// Makes the summary of a run out of what its history holds. Pure.
[[nodiscard]] RunSummary summarize(RunRecord record, std::span<const TaskMetrics> attempts,
                                   std::span<const SlotMetrics> slots,
                                   std::span<const RecordedTask> graph);

}  // namespace weft::cli
