// What a task costs in the store: requests, writes of its output, transfers of its inputs. Redis
// itself is asked.

#include "acceptance/durable_runs.hpp"

namespace weft::test {

class RoundTrips : public DurableRuns {
protected:
  /// Requests of clients. Commands that only the store's functions use are not among them.
  [[nodiscard]] std::uint64_t requests() const {
    std::uint64_t all = 0;
    for (const auto& [command, count] : command_counts()) {
      if (command == "fcall" || command == "set" || command == "get") all += count;
    }
    return all;
  }
  [[nodiscard]] std::uint64_t count_of(const std::string& command) const {
    return command_counts()[command];
  }
  [[nodiscard]] std::uint64_t bytes_in() const {
    return server_figure("stats", "total_net_input_bytes");
  }
  [[nodiscard]] std::uint64_t bytes_out() const {
    return server_figure("stats", "total_net_output_bytes");
  }

  /// Of an engine that does next to nothing but what tasks ask for.
  [[nodiscard]] EngineOptions quiet_processes(std::uint32_t slots) const {
    EngineOptions options = processes(slots);
    options.store.lease = 1min;
    return options;
  }

  /// Starts workers and connections, so that only tasks are counted after it.
  static void warm_up(Engine& engine, std::uint32_t workers) {
    Workflow workflow{"warm-up"};
    std::vector<Future<int>> all;
    for (std::uint32_t i = 0; i < workers; ++i) {
      all.push_back(workflow.task(pass, 0));
      workflow.options(all.back()).worker = WorkerId{i};
    }
    engine.submit(std::move(workflow)).get();
  }

  /// A chain whose steps are the workers' in turn. Answers the requests of one step.
  double requests_of_a_step(Engine& engine, std::uint32_t workers) {
    constexpr int length = 300;
    Workflow workflow{"chain"};
    auto last = workflow.task(pass, 0);
    for (std::uint32_t i = 1; i < length; ++i) {
      last = workflow.task(next, last);
      workflow.options(last).worker = WorkerId{i % workers};
    }
    const std::uint64_t before = requests();
    const auto result = result_in_time(engine.submit(std::move(workflow), last));
    const double each = static_cast<double>(requests() - before) / length;
    EXPECT_TRUE(result && *result == length - 1);
    std::cout << each << " requests for each of " << length << " steps on " << workers
              << " workers\n";
    return each;
  }

  enum class Readers : std::uint8_t { behind_each_other, beside_each_other };
  /// An output of worker 0 that ten tasks of worker 1 read, and two of its own.
  static void read_by_another(Engine& engine, Readers readers) {
    Workflow workflow{"read"};
    const auto made = workflow.task(make_blob, large, std::uint64_t{1});
    std::vector<Future<std::uint64_t>> sums;
    for (std::uint32_t i = 0; i < 12; ++i) {
      sums.push_back(workflow.task(checksum, made));
      workflow.options(sums.back()).worker = WorkerId{i < 10 ? 1u : 0u};
      if (readers == Readers::behind_each_other && i > 0) {
        workflow.after(sums.back(), sums[i - 1]);
      }
    }
    workflow.options(made).worker = WorkerId{0};
    const auto result = workflow.task(fold, sums);
    const auto taken = result_in_time(engine.submit(std::move(workflow), result));
    const std::uint64_t one = checksum_of(blob_of(large, 1));
    ASSERT_TRUE(taken) << to_string(taken.error());
    EXPECT_EQ(*taken, fold_of(std::vector<std::uint64_t>(12, one)));
  }

  /// Two parts, as it is encoded.
  static constexpr std::uint64_t large = (8 << 20) - 1024;
  static constexpr std::uint64_t parts = 2;
  /// Of what goes to or comes from Redis, beside an output.
  static constexpr std::uint64_t small_talk = 1 << 20;
};

TEST_F(RoundTrips, OfATaskOnTheWorkerOfTheOneBeforeItAreAtMostTwo) {
  Engine engine{durable_functions(), quiet_processes(1)};
  warm_up(engine, 1);
  EXPECT_LE(requests_of_a_step(engine, 1), 2.0);
}

TEST_F(RoundTrips, OfATaskOnAnotherWorkerAreAtMostTwo) {
  Engine engine{durable_functions(), quiet_processes(2)};
  warm_up(engine, 2);
  EXPECT_LE(requests_of_a_step(engine, 2), 2.0);
}

TEST_F(RoundTrips, OfATaskOfAFanAreAtMostTwo) {
  constexpr int width = 300;
  Engine engine{durable_functions(), quiet_processes(2)};
  warm_up(engine, 2);
  Workflow workflow{"fan"};
  const auto root = workflow.task(pass, 1);
  std::vector<Future<int>> fan;
  for (int i = 0; i < width; ++i) fan.push_back(workflow.task(next, root));
  const auto total = workflow.task(sum, fan);
  const std::uint64_t before = requests();
  const auto result = result_in_time(engine.submit(std::move(workflow), total));
  const std::uint64_t made = requests() - before;
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, 2 * width);
  EXPECT_LE(made, 2u * (width + 2));
  std::cout << made << " requests for " << width + 2 << " tasks\n";
}

TEST_F(RoundTrips, WriteALargeOutputOnce) {
  Engine engine{durable_functions(), quiet_processes(2)};
  warm_up(engine, 2);
  const std::uint64_t bytes = bytes_in();
  read_by_another(engine, Readers::beside_each_other);
  const std::uint64_t written = bytes_in() - bytes;
  EXPECT_GT(written, large);
  EXPECT_LT(written, large + small_talk);
}

TEST_F(RoundTrips, TransferALargeOutputToAWorkerOnceForTasksBehindEachOther) {
  Engine engine{durable_functions(), quiet_processes(2)};
  warm_up(engine, 2);
  const std::uint64_t bytes = bytes_out(), reads = count_of("get");
  read_by_another(engine, Readers::behind_each_other);
  EXPECT_EQ(count_of("get") - reads, parts);
  EXPECT_LT(bytes_out() - bytes, large + small_talk);
}

TEST_F(RoundTrips, TransferALargeOutputToAWorkerOnceForTasksBesideEachOther) {
  Engine engine{durable_functions(), quiet_processes(2)};
  warm_up(engine, 2);
  const std::uint64_t bytes = bytes_out(), reads = count_of("get");
  read_by_another(engine, Readers::beside_each_other);
  EXPECT_EQ(count_of("get") - reads, parts);
  EXPECT_LT(bytes_out() - bytes, large + small_talk);
}

TEST_F(RoundTrips, TransferALargeOutputToItsMakerNever) {
  Engine engine{durable_functions(), quiet_processes(1)};
  warm_up(engine, 1);
  Workflow workflow{"own"};
  const auto made = workflow.task(make_blob, large, std::uint64_t{1});
  std::vector<Future<std::uint64_t>> sums;
  for (int i = 0; i < 4; ++i) sums.push_back(workflow.task(checksum, made));
  const auto result = workflow.task(fold, sums);
  const std::uint64_t reads = count_of("get");
  ASSERT_TRUE(result_in_time(engine.submit(std::move(workflow), result)));
  EXPECT_EQ(count_of("get") - reads, 0u);
}

}  // namespace weft::test
