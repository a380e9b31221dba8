// Outputs of any size, across any shape, between processes.

#include "acceptance/durable_runs.hpp"

namespace weft::test {

class Payloads : public DurableRuns, public testing::WithParamInterface<std::uint64_t> {
protected:
  /// What a workflow of this one engine comes to. Nothing but its result is kept.
  std::uint64_t result_of(Workflow workflow, const Future<std::uint64_t>& result) {
    if (!engine_) engine_.emplace(durable_functions(), processes(2, 3));
    const auto run = engine_->submit(std::move(workflow), result);
    const auto taken = result_in_time(run);
    EXPECT_TRUE(taken) << to_string(taken.error());
    return taken ? *taken : 0;
  }

  /// A task that is put on a worker of its own choice, so that its inputs travel.
  template <class T>
  static Future<T> on(Workflow& workflow, std::uint32_t worker, const Future<T>& future) {
    workflow.options(future).worker = WorkerId{worker};
    return future;
  }

  static std::uint64_t sum_of(std::uint64_t seed) { return checksum_of(blob_of(GetParam(), seed)); }
  static std::uint64_t mixed(const std::vector<std::uint64_t>& sums) { return fold_of(sums); }

private:
  std::optional<Engine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Bytes, Payloads,
                         testing::Values(200'000, 4 << 20, (4 << 20) + 1, 50'000'000),
                         testing::PrintToStringParamName());

TEST_P(Payloads, GoDownAChain) {
  Workflow workflow{"chain"};
  auto last = on(workflow, 0, workflow.task(make_blob, GetParam(), std::uint64_t{1}));
  std::uint64_t seed = 1;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    last = on(workflow, i % 3, workflow.task(mix, std::vector{last}, GetParam()));
    seed = mixed({sum_of(seed)});
  }
  const auto result = on(workflow, 1, workflow.task(checksum, last));
  EXPECT_EQ(result_of(std::move(workflow), result), sum_of(seed));
}

TEST_P(Payloads, FanOutAndIn) {
  Workflow workflow{"fan"};
  const auto root = on(workflow, 0, workflow.task(make_blob, GetParam(), std::uint64_t{2}));
  std::vector<Future<std::uint64_t>> sums;
  for (std::uint32_t i = 0; i < 6; ++i) {
    sums.push_back(on(workflow, i % 3, workflow.task(checksum, root)));
  }
  const auto result = workflow.task(fold, sums);
  const std::uint64_t one = sum_of(2);
  EXPECT_EQ(result_of(std::move(workflow), result), fold_of({one, one, one, one, one, one}));
}

TEST_P(Payloads, FanInLarge) {
  Workflow workflow{"fan-in"};
  std::vector<Future<Blob>> parts;
  std::vector<std::uint64_t> sums;
  for (std::uint32_t i = 0; i < 3; ++i) {
    parts.push_back(on(workflow, i, workflow.task(make_blob, GetParam(), std::uint64_t{i})));
    sums.push_back(sum_of(i));
  }
  const auto all = workflow.task(checksum_all, parts);
  EXPECT_EQ(result_of(std::move(workflow), all), fold_of(sums));
}

TEST_P(Payloads, CrossFromEachToEach) {
  Workflow workflow{"crossing"};
  std::vector<Future<Blob>> upper;
  std::vector<std::uint64_t> sums;
  for (std::uint32_t i = 0; i < 2; ++i) {
    upper.push_back(on(workflow, i, workflow.task(make_blob, GetParam(), std::uint64_t{i})));
    sums.push_back(sum_of(i));
  }
  std::vector<Future<Blob>> lower;
  for (std::uint32_t i = 0; i < 2; ++i) {
    lower.push_back(on(workflow, i + 1, workflow.task(mix, upper, GetParam())));
  }
  const auto result = workflow.task(checksum_all, lower);
  const std::uint64_t each = sum_of(mixed(sums));
  EXPECT_EQ(result_of(std::move(workflow), result), fold_of({each, each}));
}

TEST_P(Payloads, AreElementsOfAMap) {
  Workflow workflow{"elements"};
  const auto sizes = workflow.map(workflow.task(numbers, 2), next);
  const auto large = workflow.for_each(sizes, [&](const Future<int>& number) {
    const auto seedless = workflow.task(make_blob, GetParam(), std::uint64_t{5});
    workflow.after(seedless, number);
    return seedless;
  });
  const auto result = workflow.task(checksum_all, large);
  EXPECT_EQ(result_of(std::move(workflow), result), fold_of({sum_of(5), sum_of(5)}));
}

TEST_P(Payloads, ReachTheClient) {
  Engine engine{durable_functions(), processes(1)};
  Workflow workflow{"client"};
  const auto large = workflow.task(make_blob, GetParam(), std::uint64_t{3});
  const auto result = result_in_time(engine.submit(std::move(workflow), large));
  ASSERT_TRUE(result) << to_string(result.error());
  EXPECT_EQ(checksum_of(*result), sum_of(3));
}

}  // namespace weft::test
