#include "weft/apps/weft/exit_code.hpp"

#include <gtest/gtest.h>

namespace weft::cli {
namespace {

int code_of(Errc code) {
  return static_cast<int>(exit_code_of(Error{.code = code, .message = "x"}));
}

RunRecord failed_with(std::vector<Error> errors) {
  return {.state = RunState::failed, .errors = std::move(errors)};
}

TEST(ExitCode, KeepsTheNumbersThatAreDocumented) {
  EXPECT_EQ(code_of(Errc::invalid_argument), 2);
  EXPECT_EQ(code_of(Errc::invalid_config), 2);
  EXPECT_EQ(code_of(Errc::run_unknown), 2);
  EXPECT_EQ(code_of(Errc::invalid_file), 3);
  EXPECT_EQ(code_of(Errc::invalid_workflow), 3);
  EXPECT_EQ(code_of(Errc::function_unknown), 3);
  EXPECT_EQ(code_of(Errc::plan_infeasible), 5);
  EXPECT_EQ(code_of(Errc::plan_conflict), 5);
  EXPECT_EQ(code_of(Errc::cancelled), 6);
  EXPECT_EQ(code_of(Errc::history_unavailable), 7);
  EXPECT_EQ(code_of(Errc::store_unavailable), 7);
  EXPECT_EQ(code_of(Errc::limit_exceeded), 9);
  EXPECT_EQ(code_of(Errc::internal), 70);
  EXPECT_EQ(code_of(Errc::timed_out), 124);
}

TEST(ExitCode, OfARunThatSucceededIsZero) {
  EXPECT_EQ(exit_code_of(RunRecord{.state = RunState::succeeded}), ExitCode::success);
}

TEST(ExitCode, OfACancelledRunIsSix) {
  EXPECT_EQ(exit_code_of(RunRecord{.state = RunState::cancelled}), ExitCode::cancelled);
}

TEST(ExitCode, OfAFailedTaskIsOneWhateverItsError) {
  EXPECT_EQ(exit_code_of(failed_with({{.code = Errc::task_failed, .task = "a"}})),
            ExitCode::tasks_failed);
  EXPECT_EQ(exit_code_of(failed_with({{.code = Errc::timed_out, .task = "a"}})),
            ExitCode::tasks_failed);
  EXPECT_EQ(exit_code_of(failed_with({})), ExitCode::tasks_failed);
}

TEST(ExitCode, OfARunThatTookTooLongIs124) {
  EXPECT_EQ(exit_code_of(failed_with({{.code = Errc::timed_out, .message = "too long"}})),
            ExitCode::timed_out);
}

}  // namespace
}  // namespace weft::cli
