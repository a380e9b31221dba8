#include "weft/workflow/options.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "weft/workflow/codec.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

TaskOptions full_options() {
  return {
    .worker = WorkerId{4},
    .worker_class = WorkerClass{.cpus = 0.5, .memory = {256}},
    .retries = RetryPolicy{.attempts = 5,
                           .backoff = 10ms,
                           .backoff_factor = 1.5,
                           .backoff_max = 1s,
                           .on = {Errc::io_failed}},
    .timeout = 30s,
    .optimizations = {{.kind = "preload", .parameters = {{"depth", "2"}}},
                      {.kind = "task_dup", .wish = Wish::forbidden, .origin = Origin::planner}},
    .io_relation = IoRelation::n_log_n,
    .purity = Purity::pure,
    .keep_output = KeepOutput::until_erased,
    .expected_time = 2s,
    .expected_output = Bytes{1000},
    .max_items = 10,
  };
}

template <class T>
void expect_survives(const T& x) {
  Blob bytes;
  encode(x, bytes);
  const auto decoded = decode<T>(bytes);
  ASSERT_TRUE(decoded.has_value()) << to_string(decoded.error());
  EXPECT_EQ(*decoded, x);
}

TEST(WorkerClass, IsShownWithItsUnits) {
  EXPECT_EQ(to_string(WorkerClass{.cpus = 2, .memory = {512}}), "2 cpus, 512 MiB");
  EXPECT_EQ(to_string(WorkerClass{.cpus = 1, .memory = {64}}), "1 cpu, 64 MiB");
  EXPECT_EQ(to_string(WorkerClass{.cpus = 0.5}), "0.5 cpus, any memory");
}

TEST(RetryPolicy, TriesOnceUnlessToldOtherwise) {
  EXPECT_FALSE(should_retry({}, 1, Error{.code = Errc::task_failed}));
}

TEST(RetryPolicy, CountsTheFirstAttempt) {
  const RetryPolicy policy{.attempts = 3};
  const Error error{.code = Errc::task_failed};
  EXPECT_TRUE(should_retry(policy, 1, error));
  EXPECT_TRUE(should_retry(policy, 2, error));
  EXPECT_FALSE(should_retry(policy, 3, error));
}

TEST(RetryPolicy, RetriesOnlyTheErrorsThatItNames) {
  const RetryPolicy policy{.attempts = 3};
  EXPECT_TRUE(should_retry(policy, 1, Error{.code = Errc::timed_out}));
  EXPECT_FALSE(should_retry(policy, 1, Error{.code = Errc::cancelled}));
  EXPECT_FALSE(should_retry({.attempts = 3, .on = {}}, 1, Error{.code = Errc::task_failed}));
}

TEST(Backoff, GrowsByItsFactorUpToItsMaximum) {
  const RetryPolicy policy{.backoff = 100ms, .backoff_factor = 2, .backoff_max = 500ms};
  EXPECT_EQ(backoff_after(policy, 1), 100ms);
  EXPECT_EQ(backoff_after(policy, 2), 200ms);
  EXPECT_EQ(backoff_after(policy, 3), 400ms);
  EXPECT_EQ(backoff_after(policy, 4), 500ms);
}

TEST(Backoff, NeverOverflows) {
  const RetryPolicy policy{.backoff = 1h, .backoff_factor = 1e9, .backoff_max = Nanos::max()};
  EXPECT_EQ(backoff_after(policy, std::numeric_limits<std::uint32_t>::max()), Nanos::max());
  EXPECT_EQ(backoff_after(policy, 100), Nanos::max());
}

TEST(Backoff, OfZeroStaysZero) {
  EXPECT_EQ(backoff_after({.backoff = 0s}, 4'000'000'000u), 0s);
}

TEST(MergedOptions, TakeWhatTheTaskSaysAndTheFunctionElsewhere) {
  const TaskOptions function = full_options();
  TaskOptions task;
  task.timeout = 5s;
  task.purity = Purity::unknown;

  TaskOptions expected = function;
  expected.timeout = 5s;
  expected.purity = Purity::unknown;
  EXPECT_EQ(merged(function, task), expected);
}

TEST(MergedOptions, AreTheOnesGivenWhenTheOtherSaysNothing) {
  EXPECT_EQ(merged(full_options(), {}), full_options());
  EXPECT_EQ(merged({}, full_options()), full_options());
  EXPECT_EQ(merged({}, {}), TaskOptions{});
}

TEST(MergedOptions, JoinOptimizationsAndTheTaskReplacesItsKinds) {
  const TaskOptions function{.optimizations = {{.kind = "preload"}, {.kind = "prewarm"}}};
  const OptimizationChoice forbidden{.kind = "preload", .wish = Wish::forbidden};
  const TaskOptions task{.optimizations = {forbidden, {.kind = "task_dup"}}};

  const std::vector<OptimizationChoice> expected{
    {.kind = "prewarm"}, forbidden, {.kind = "task_dup"}};
  EXPECT_EQ(merged(function, task).optimizations, expected);
}

TEST(OptionProblems, AreNoneWhenAllIsWell) {
  EXPECT_TRUE(problems({}).empty());
  EXPECT_TRUE(problems(full_options()).empty());
}

TEST(OptionProblems, NameEveryOptionOutOfRange) {
  const TaskOptions options{
    .worker_class = WorkerClass{.cpus = 0},
    .retries = RetryPolicy{.attempts = 0,
                           .backoff = -1s,
                           .backoff_factor = 0.5,
                           .backoff_max = -1s,
                           .on = {Errc::none}},
    .timeout = 0s,
    .optimizations = {{.kind = ""}, {.kind = "preload"}, {.kind = "preload"}},
    .expected_time = -1s,
    .max_items = 0,
  };
  std::vector<std::string> messages;
  for (const Error& problem : problems(options)) {
    EXPECT_EQ(problem.code, Errc::invalid_argument);
    EXPECT_FALSE(problem.hint.empty()) << problem.message;
    messages.push_back(problem.message);
  }
  const std::vector<std::string> expected{
    "worker_class.cpus is 0",
    "retries.attempts is 0",
    "retries.backoff is -1.00s",
    "retries.backoff_factor is 0.5",
    "retries.backoff_max is -1.00s",
    "retries.on has the unknown error 0",
    "timeout is 0s",
    "an optimization has no name",
    "optimization 'preload' is named twice",
    "expected_time is -1.00s",
    "max_items is 0",
  };
  EXPECT_EQ(messages, expected);
}

TEST(OptionProblems, NameNumbersThatAreNone) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(problems({.worker_class = WorkerClass{.cpus = nan}}).size(), 1u);
  EXPECT_EQ(problems({.worker_class = WorkerClass{.cpus = infinity}}).size(), 1u);
  EXPECT_EQ(problems({.retries = RetryPolicy{.backoff_factor = nan}}).size(), 1u);
}

TEST(OptionProblems, NameEnumeratorsOfALaterVersion) {
  const TaskOptions options{.io_relation = static_cast<IoRelation>(200),
                            .purity = static_cast<Purity>(200),
                            .keep_output = static_cast<KeepOutput>(200)};
  EXPECT_EQ(problems(options).size(), 3u);
  const OptimizationChoice choice{
    .kind = "preload", .wish = static_cast<Wish>(2), .origin = static_cast<Origin>(2)};
  EXPECT_EQ(problems({.optimizations = {choice}}).size(), 2u);
}

TEST(Options, SurviveTheirEncoding) {
  expect_survives(full_options());
  expect_survives(TaskOptions{});
  expect_survives(RetryPolicy{.attempts = 9, .on = {}});
  expect_survives(WorkerClass{.cpus = 0.25, .memory = {1}});
}

}  // namespace
}  // namespace weft
