#pragma once

#include <cstdint>
#include <vector>

#include "weft/workflow/importers/trace.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft {

/// How a trace is replayed.
struct ReplayOptions {
  /// How a task spends its time.
  enum class Work : std::uint8_t {
    sleep,  ///< Waits on the engine's clock; costs no CPU, and virtual time covers it.
    burn,   ///< Keeps a CPU busy by the machine's clock, under the harness as well.
  };

  /// What the workflow is for.
  enum class Purpose : std::uint8_t {
    run,   ///< Refused when its data would not fit into memory.
    look,  ///< To be checked, drawn or planned: its data may have any size.
  };

  double time_scale = 1;  ///< Times the recorded runtimes: 0 to 10.
  double data_scale = 1;  ///< Times the recorded sizes: 0 and up. At 1 a file of 1 GB takes 1 GB.
  Work work = Work::sleep;
  Purpose purpose = Purpose::run;
};

/// Every option out of range, each named.
[[nodiscard]] Result<void> validate(const ReplayOptions& options);

/// What a replayed task returns: one text of bytes for each file that it wrote. Their content
/// follows from all that the task read, so that a lost or torn input shows in every output behind
/// it.
using ReplayedFiles = std::vector<Blob>;

/// A workflow that does again what `trace` recorded: each task reads every byte of the files that
/// it read, spends its runtime, and returns the files that it wrote, all scaled.
///
/// - A task that read a file of a parent takes that parent's output; one that read none runs after
///   it. Files that no parent wrote are read from a block of memory that stands for them.
/// - Tasks keep their names, with characters that weft does not allow replaced. Their functions are
///   called `replay.` and the category, so that history learns about each kind of task; register
///   them with `add_replay_functions`.
/// - Planners are told the scaled runtime and output size of each task.
///
/// Fails with `invalid_argument` for options out of range, and, if it is to be run, with
/// `limit_exceeded` when the files together would take more than 8 GiB or one of them more than
/// 4 GiB.
[[nodiscard]] Result<Workflow> replay(const Trace& trace, const ReplayOptions& options = {});

/// Registers the functions that the tasks of `replay(trace, ...)` call, whatever its options. Those
/// that are there already, from another trace, are kept.
void add_replay_functions(Registry& registry, const Trace& trace);

}  // namespace weft
