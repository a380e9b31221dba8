#include "weft/workflow/metrics.hpp"

namespace weft {

std::string_view to_string(AttemptOutcome outcome) {
  switch (outcome) {
    case AttemptOutcome::committed:
      return "committed";
    case AttemptOutcome::failed:
      return "failed";
    case AttemptOutcome::timed_out:
      return "timed_out";
    case AttemptOutcome::cancelled:
      return "cancelled";
    case AttemptOutcome::lost:
      return "lost";
  }
  return "unknown";
}

std::string_view to_string(RunState state) {
  switch (state) {
    case RunState::running:
      return "running";
    case RunState::succeeded:
      return "succeeded";
    case RunState::failed:
      return "failed";
    case RunState::cancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace weft
