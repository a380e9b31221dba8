#pragma once

#include "weft/workflow/error.hpp"
#include "weft/workflow/metrics.hpp"

namespace weft::cli {

/// What the command ends with: a public interface, documented in docs/exit-codes.md. The numbers
/// change only with a major version; 8 is kept for refused access.
enum class ExitCode : int {
  success = 0,
  tasks_failed = 1,      ///< The run ended with a failed task.
  usage = 2,             ///< The command line, an argument or the configuration is wrong.
  invalid_workflow = 3,  ///< The workflow file is malformed or has structure problems.
  deadline_missed = 4,   ///< The run succeeded after its deadline, and that was to be told.
  refused = 5,           ///< No plan can be carried out as the workflow asks.
  cancelled = 6,         ///< The run was cancelled before it could end.
  unreachable = 7,       ///< The store or the history cannot be used.
  exhausted = 9,         ///< Disk, memory or another limit is used up.
  internal = 70,         ///< A defect of weft.
  timed_out = 124,       ///< The run took longer than `--timeout`.
  interrupted = 130,     ///< Stopped at once by SIGINT.
  terminated = 143,      ///< Ended by SIGTERM or SIGHUP.
};

/// What a command that failed with `error` ends with.
[[nodiscard]] ExitCode exit_code_of(const Error& error);

/// What a command that waited for the run ends with. @pre the run has ended
[[nodiscard]] ExitCode exit_code_of(const RunRecord& record);

}  // namespace weft::cli
