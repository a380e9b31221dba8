#include "weft/storage/history/columns.hpp"

#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "storage/history/history_fixture.hpp"

namespace weft {
namespace {

using namespace test;

std::vector<TaskMetrics> random_tasks(std::mt19937_64& random, std::size_t count) {
  std::vector<TaskMetrics> tasks(count);
  // Mostly small, sometimes anything.
  const auto number = [&] { return random() % 8 == 0 ? random() : random() % 1000; };
  const auto nanos = [&] { return Nanos{static_cast<std::int64_t>(number())}; };
  const auto small = [&] { return static_cast<std::uint32_t>(number()); };
  for (TaskMetrics& task : tasks) {
    task.task = TaskId{small()};
    task.template_task = TaskId{small()};
    task.attempt = small();
    task.worker = WorkerId{small()};
    task.outcome = static_cast<AttemptOutcome>(random() % 5);
    task.claimed = nanos();
    task.inputs_ready = nanos();
    task.started = nanos();
    task.finished = nanos();
    task.committed = nanos();
    task.input_size = {number()};
    task.fetched_size = {number()};
    task.output_size = {number()};
    for (std::uint64_t depth = random() % 4; depth > 0; --depth) task.path.push_back(small());
  }
  return tasks;
}

TEST(TaskColumns, ReadBackWhatWasWritten) {
  std::mt19937_64 random{1};
  for (std::size_t count = 0; count < 200; ++count) {
    const auto tasks = random_tasks(random, count);
    std::vector<TaskMetrics> read;
    ASSERT_TRUE(decode_tasks(encode_tasks(tasks), read));
    ASSERT_EQ(read, tasks);
  }
}

TEST(TaskColumns, KeepTheExtremesOfTime) {
  using Limits = std::numeric_limits<std::int64_t>;
  std::vector<TaskMetrics> tasks(2);
  tasks[0].claimed = Nanos{Limits::min()};
  tasks[0].inputs_ready = Nanos{Limits::max()};
  tasks[1].claimed = Nanos{Limits::max()};
  tasks[1].committed = Nanos{Limits::min()};
  std::vector<TaskMetrics> read;
  ASSERT_TRUE(decode_tasks(encode_tasks(tasks), read));
  EXPECT_EQ(read, tasks);
}

TEST(TaskColumns, AppendToWhatWasReadBefore) {
  std::mt19937_64 random{2};
  const auto tasks = random_tasks(random, 3);
  std::vector<TaskMetrics> read = tasks;
  ASSERT_TRUE(decode_tasks(encode_tasks(tasks), read));
  EXPECT_EQ(read.size(), 6u);
}

TEST(TaskColumns, TakeFewBytesOfATypicalTask) {
  std::vector<TaskMetrics> tasks;
  for (std::uint32_t i = 0; i < 1024; ++i) {
    tasks.push_back(attempt(i, std::chrono::microseconds{3 + i % 5}));
    tasks.back().claimed += i * std::chrono::microseconds{10};
  }
  EXPECT_LT(encode_tasks(tasks).size(), 40 * tasks.size());
}

TEST(Columns, RefuseDamagedBytesWithoutACrash) {
  std::mt19937_64 random{3};
  const Blob tasks = encode_tasks(random_tasks(random, 20));
  const Blob graph = encode_graph(*two_tasks());
  for (int i = 0; i < 20'000; ++i) {
    Blob damaged = i % 2 == 0 ? tasks : graph;
    for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    std::vector<TaskMetrics> read;
    const auto as_tasks = decode_tasks(damaged, read);
    const auto as_graph = decode_graph(damaged);
    // No damage makes one readable as the other.
    EXPECT_FALSE(as_tasks && as_graph);
  }
}

}  // namespace
}  // namespace weft
