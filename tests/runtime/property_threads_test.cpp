// Random workflows through the engine with its threads, several at once, against a sequential
// oracle.

#include <gtest/gtest.h>

#include <future>

#include "support/seeds.hpp"
#include "support/sketch_checks.hpp"
#include "weft/runtime/engine.hpp"

namespace weft::test {

namespace {

constexpr std::size_t runs_at_once = 3;

EngineOptions random_engine(Dice& dice) {
  EngineOptions options;
  options.pool.slots = 1 + dice.roll(4);
  options.pool.keep_alive = dice.chance(30) ? Nanos{} : Nanos{std::chrono::minutes{5}};
  options.workers = dice.chance(50) ? 0 : 1 + dice.roll(8);
  options.recorder.strategy = static_cast<RecordStrategy>(dice.roll(4));
  options.recorder.history = dice.chance(20) ? ":memory:" : "";
  return options;
}

/// A run under way, and all that its watcher has been told.
class Watched {
public:
  Watched(Engine& engine, Dice& dice)
    : run_(prepare(random_sketch(dice, {.tasks = 4 + dice.roll(24),
                                        .failures = dice.chance(30),
                                        .workers = dice.chance(40) ? 6u : 0u}))),
      on_failure_(dice.chance(50) ? OnFailure::stop : OnFailure::go_on),
      handle_(engine.submit_graph(
        run_.graph, run_.kept,
        {.fail_fast = on_failure_ == OnFailure::stop, .progress_events = dice.chance(20)})) {
    handle_->subscribe([this](const RunEvent& event) {
      if (!is_progress(event)) events_.push_back(event);
      if (event.kind == RunEventKind::ended) ended_.set_value();
    });
  }

  /// Waits for the end and for the last event.
  void check() {
    handle_->wait();
    ended_.get_future().wait();
    check_played(run_, collect(run_, *handle_, std::move(events_)), on_failure_);
  }

  [[nodiscard]] std::optional<std::uint64_t> calls() const { return calls_of(run_, on_failure_); }

private:
  SketchRun run_;
  OnFailure on_failure_;
  std::promise<void> ended_;
  std::vector<RunEvent> events_;
  std::shared_ptr<RunHandle> handle_;  ///< Last: its end is the end of all calls of the handler.
};

void play(std::uint64_t seed) {
  Dice dice{seed};
  Engine engine{sketch_registry(), random_engine(dice)};
  const std::uint64_t calls_before = calls_made;
  std::vector<std::unique_ptr<Watched>> all;
  for (std::size_t i = 0; i < runs_at_once; ++i) {
    all.push_back(std::make_unique<Watched>(engine, dice));
  }
  std::optional<std::uint64_t> calls = 0;
  for (const auto& one : all) {
    one->check();
    const auto more = one->calls();
    calls = calls && more ? std::optional{*calls + *more} : std::nullopt;
  }
  const std::uint64_t made = calls_made - calls_before;
  EXPECT_EQ(made, calls.value_or(made));
}

class RandomWorkflowsOnThreads : public testing::TestWithParam<std::uint64_t> {};

}  // namespace

TEST_P(RandomWorkflowsOnThreads, ComeToWhatASequentialEvaluationSays) {
  for_each_seed(GetParam(), &play);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWorkflowsOnThreads, seed_blocks(WEFT_PROPERTY_SEEDS));

}  // namespace weft::test
