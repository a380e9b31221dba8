#include "weft/apps/weft/run_attendance.hpp"

#include <atomic>

namespace weft::cli {

namespace {

/// Nodes take over within half of this what nobody works at.
constexpr Nanos attendance_interval = std::chrono::seconds{1};
/// So many looks in a row that found nobody.
constexpr unsigned empty_looks = 2;

}  // namespace

struct RunAttendance::Answers {
  std::atomic<bool> asked = false;
  std::atomic<unsigned> empty = 0;
};

RunAttendance::RunAttendance(StoredRuns& runs, RunId run)
  : runs_(runs), run_(run), answers_(std::make_shared<Answers>()) {}

void RunAttendance::look(TimePoint now) {
  if (now < next_ || answers_->asked.exchange(true)) return;
  next_ = now + attendance_interval;
  runs_.ask_workers(run_, [answers = answers_](Result<std::vector<WorkerLease>> workers) {
    if (workers) answers->empty = count_alive(*workers) > 0 ? 0 : answers->empty + 1;
    answers->asked = false;
  });
}

bool RunAttendance::deserted() const {
  return answers_->empty >= empty_looks;
}

}  // namespace weft::cli
