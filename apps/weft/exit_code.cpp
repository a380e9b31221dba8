#include "weft/apps/weft/exit_code.hpp"

namespace weft::cli {

ExitCode exit_code_of(const Error& error) {
  switch (error.code) {
    case Errc::invalid_argument:
    case Errc::invalid_config:
    case Errc::run_unknown:
    case Errc::run_ended:
      return ExitCode::usage;
    case Errc::invalid_workflow:
    case Errc::invalid_file:
    case Errc::function_unknown:
      return ExitCode::invalid_workflow;
    case Errc::plan_conflict:
    case Errc::plan_infeasible:
      return ExitCode::refused;
    case Errc::cancelled:
    case Errc::shutting_down:
      return ExitCode::cancelled;
    case Errc::store_unavailable:
    case Errc::history_unavailable:
      return ExitCode::unreachable;
    case Errc::limit_exceeded:
    case Errc::io_failed:
      return ExitCode::exhausted;
    case Errc::timed_out:
      return ExitCode::timed_out;
    case Errc::task_failed:
    case Errc::skipped:
    case Errc::input_missing:
    case Errc::encode_failed:
    case Errc::decode_failed:
      return ExitCode::tasks_failed;
    case Errc::none:
    case Errc::claim_lost:
    case Errc::internal:
      break;
  }
  return ExitCode::internal;
}

ExitCode exit_code_of(const RunRecord& record) {
  switch (record.state) {
    case RunState::succeeded:
      return ExitCode::success;
    case RunState::cancelled:
      return ExitCode::cancelled;
    case RunState::running:
      return ExitCode::internal;
    case RunState::failed:
      break;
  }
  for (const Error& error : record.errors) {
    // An error that names no task is the run's own.
    if (!error.task.empty()) continue;
    const ExitCode code = exit_code_of(error);
    if (code == ExitCode::timed_out || code == ExitCode::unreachable ||
        code == ExitCode::internal) {
      return code;
    }
  }
  return ExitCode::tasks_failed;
}

}  // namespace weft::cli
