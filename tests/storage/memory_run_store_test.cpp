#include <utility>

#include "storage/memory_backend.hpp"
#include "storage/run_store_contract.hpp"

namespace weft {
namespace {

const auto memory = testing::Values(MakeBackend{"memory", &MemoryBackend::make});

INSTANTIATE_TEST_SUITE_P(Memory, RunStoreContract, memory);
INSTANTIATE_TEST_SUITE_P(Memory, RunStoreChunks, memory);
INSTANTIATE_TEST_SUITE_P(Memory, RunStoreLiveness, memory);
INSTANTIATE_TEST_SUITE_P(Memory, RunStoreLostWorkers, memory);
INSTANTIATE_TEST_SUITE_P(Memory, RunStoreMaps, memory);
INSTANTIATE_TEST_SUITE_P(Memory, RunStoreWorkers, memory);
INSTANTIATE_TEST_SUITE_P(Memory, RunStoreToldClaims, memory);
INSTANTIATE_TEST_SUITE_P(Memory, RunStoreRandomRuns,
                         testing::Combine(memory,
                                          testing::Range(0, 1000, RunStoreRandomRuns::runs)));

/// A value whose destruction asks the store, as one of a host's might.
struct Caller {
  RunStore* store = nullptr;
  int* answers = nullptr;

  Caller(RunStore* the_store, int* the_answers) : store(the_store), answers(the_answers) {}
  Caller(const Caller& other) = default;
  Caller(Caller&& other) noexcept
    : store(std::exchange(other.store, nullptr)), answers(other.answers) {}
  ~Caller() {
    if (store) store->status(RunId{1}, [this](Result<RunStatus>) { ++*answers; });
  }
};

TEST(MemoryRunStore, AnswersAndDestructorsOfValuesMayCallTheStore) {
  Workflow workflow{"reentrant"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::step, a);
  const GraphPtr graph = sample::freeze(workflow);
  ManualClock clock;
  MemoryRunStore store{clock};
  int destroyed = 0;
  bool ended = false;
  const auto commit = [&](const ClaimAnswer& claimed, Value output, auto next) {
    store.commit({.run = RunId{1},
                  .task = claimed.grants.at(0).task,
                  .fence = claimed.grants.at(0).fence,
                  .output = std::move(output),
                  .claim = ClaimChildren::none},
                 next);
  };
  const auto claim = [&](TaskId task, auto next) {
    store.claim({.run = RunId{1}, .tasks = {task}}, next);
  };

  store.create({.run = RunId{1}, .graph = graph, .plan = sample::plan(*graph)}, [&](auto) {
    claim(a.task(), [&](Result<ClaimAnswer> first) {
      commit(*first, Value::of(Caller{&store, &destroyed}), [&](Result<CommitAnswer>) {
        first->grants.clear();
        claim(b.task(), [&](Result<ClaimAnswer> second) {
          second->grants.at(0).inputs = {};
          commit(*second, Value{}, [&](Result<CommitAnswer> last) { ended = last->run_ended; });
        });
      });
    });
  });

  EXPECT_TRUE(ended);
  EXPECT_EQ(destroyed, 1) << "the output of a, when b had read it";
}

}  // namespace
}  // namespace weft
