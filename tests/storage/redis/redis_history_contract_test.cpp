// A history in Redis does what every history does, and answers what one in SQLite does.

#include <random>

#include "storage/history/history_contract.hpp"
#include "storage/history/history_writers.hpp"
#include "storage/history/sqlite_backend.hpp"
#include "storage/redis/redis_history_backend.hpp"

namespace weft::test {
namespace {

INSTANTIATE_TEST_SUITE_P(Redis, HistoryContract,
                         ::testing::Values(MakeHistory{"redis", &RedisHistoryBackend::make}));

TEST(RedisHistoryThreads, MayShareOneStore) {
  RedisHistoryBackend backend;
  const auto shared = backend.open({});
  write_and_read([&] { return shared; });
}

TEST(RedisHistoryThreads, MayEachHaveAClient) {
  RedisHistoryBackend backend;
  write_and_read([&] { return backend.open({}); });
}

/// Does the same to two histories, by chance.
class HistoryTwins {
public:
  HistoryTwins(unsigned seed, const HistoryOptions& options)
    : dice_(seed), sqlite_(files_.open(options)), redis_(keys_.open(options)) {}

  void step() {
    switch (below(5)) {
      case 0:
        start();
        break;
      case 1:
        finish();
        break;
      default:
        append();
    }
  }

  void compare() {
    for (const std::string workflow : {"", "flow-0", "flow-1"}) {
      const std::size_t limit = 1 + below(12);
      EXPECT_EQ(sqlite_->runs(limit, workflow).value(), redis_->runs(limit, workflow).value());
    }
    for (const std::string function : {"quick@1", "slow@2", "none@1"}) {
      const std::size_t limit = 1 + below(60);
      EXPECT_EQ(sqlite_->samples(function, limit).value(),
                redis_->samples(function, limit).value());
    }
    for (std::uint64_t number = 1; number <= runs_; ++number) compare_run(RunId{number});
  }

private:
  std::uint64_t below(std::uint64_t bound) { return dice_() % bound; }

  /// Half of them at the same time: then the id decides.
  RunRecord any_record(std::uint64_t number) {
    RunRecord made = record(number, "flow-" + std::to_string(number % 2));
    made.submitted = WallTime{std::chrono::hours{(number * 7) % 5}};
    made.tasks.total = number % 4;
    return made;
  }

  void both(const std::function<Result<void>(HistoryStore&)>& action) {
    EXPECT_TRUE(action(*sqlite_));
    EXPECT_TRUE(action(*redis_));
  }

  void start() {
    const RunRecord made = any_record(++runs_);
    both([&](HistoryStore& history) { return history.start_run(made, two_tasks()); });
  }

  void finish() {
    RunRecord made = any_record(1 + below(runs_ + 1));
    made.state = RunState::failed;
    made.errors = {{.code = Errc::task_failed, .message = "by chance"}};
    both([&](HistoryStore& history) { return history.finish_run(made); });
  }

  void append() {
    const auto worker = static_cast<std::uint32_t>(below(3));
    MetricsBatch batch{.run = RunId{1 + below(runs_ + 1)}};
    for (std::uint64_t i = below(12); i > 0; --i) {
      batch.tasks.push_back(attempt(static_cast<std::uint32_t>(below(2)),
                                    Nanos{static_cast<std::int64_t>(below(1000))},
                                    WorkerId{worker}));
    }
    batch.slots = {{.worker = WorkerId{worker}, .worker_class = {.cpus = 0.5 + worker}}};
    both([&](HistoryStore& history) { return history.append(batch); });
  }

  void compare_run(RunId run) {
    const auto ours = redis_->tasks(run);
    const auto theirs = sqlite_->tasks(run);
    ASSERT_EQ(ours.has_value(), theirs.has_value());
    if (!ours) return;
    EXPECT_EQ(*ours, *theirs);
    EXPECT_EQ(redis_->slots(run).value(), sqlite_->slots(run).value());
    EXPECT_EQ(redis_->graph(run).value(), sqlite_->graph(run).value());
  }

  std::mt19937 dice_;
  SqliteBackend files_;
  RedisHistoryBackend keys_;
  std::shared_ptr<HistoryStore> sqlite_;
  std::shared_ptr<HistoryStore> redis_;
  std::uint64_t runs_ = 0;
};

TEST(HistoryInRedis, AnswersWhatOneInSqliteDoesWhateverIsWritten) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    HistoryTwins twins{seed, {.max_runs = 8, .max_samples = 40, .max_samples_per_batch = 6}};
    for (int i = 0; i < 60; ++i) {
      twins.step();
      if (i % 10 == 9) twins.compare();
    }
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace weft::test
