// Thousands of random workflows through the deterministic harness, against a sequential oracle.

#include <gtest/gtest.h>

#include "support/seeds.hpp"
#include "support/sketch_checks.hpp"
#include "weft/runtime/harness.hpp"

namespace weft::test {

namespace {

EngineOptions random_engine(Dice& dice) {
  using namespace std::chrono_literals;
  EngineOptions options;
  options.pool = {.slots = 1 + dice.roll(4),
                  .cold_start = dice.chance(30) ? Nanos{50ms} : Nanos{},
                  .keep_alive = dice.chance(30) ? Nanos{20ms} : Nanos{5min}};
  options.workers = dice.chance(50) ? 0 : 1 + dice.roll(8);
  options.recorder.strategy = static_cast<RecordStrategy>(dice.roll(4));
  options.recorder.count = 1 + dice.roll(8);
  options.recorder.history = dice.chance(10) ? ":memory:" : "";
  return options;
}

/// One seed: some workflows, and an engine that runs them at once.
class Game {
public:
  explicit Game(std::uint64_t seed) {
    Dice dice{seed};
    engine_ = random_engine(dice);
    on_failure_ = dice.chance(50) ? OnFailure::stop : OnFailure::go_on;
    progress_ = dice.chance(20);
    const std::uint32_t count = dice.chance(70) ? 1 : 2 + dice.roll(2);
    for (std::uint32_t i = 0; i < count; ++i) {
      runs_.push_back(prepare(random_sketch(dice, {.tasks = 4 + dice.roll(24),
                                                   .failures = dice.chance(30),
                                                   .time = dice.chance(40),
                                                   .workers = dice.chance(40) ? 6u : 0u})));
    }
  }

  /// Plays all runs, checks them, and answers their event logs.
  /// @param order seed of the order in which messages are handled
  std::string play(std::uint64_t order) const {
    Harness harness{sketch_registry(), {.seed = order, .engine = engine_}};
    const std::uint64_t calls_before = calls_made;
    std::vector<std::shared_ptr<RunHandle>> handles;
    std::vector<std::vector<RunEvent>> events(runs_.size());
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      handles.push_back(harness.submit_graph(
        runs_[i].graph, runs_[i].kept,
        {.fail_fast = on_failure_ == OnFailure::stop, .progress_events = progress_}));
      handles[i]->subscribe([&events = events[i]](const RunEvent& event) {
        if (!is_progress(event)) events.push_back(event);
      });
    }
    harness.run_until_idle();
    std::string log;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      check_played(runs_[i], collect(runs_[i], *handles[i], std::move(events[i])), on_failure_);
      log += harness.event_log(handles[i]->id());
    }
    const std::uint64_t calls = calls_made - calls_before;
    EXPECT_EQ(calls, calls_expected().value_or(calls));
    return log;
  }

private:
  [[nodiscard]] std::optional<std::uint64_t> calls_expected() const {
    std::uint64_t sum = 0;
    for (const SketchRun& run : runs_) {
      const auto calls = calls_of(run, on_failure_);
      if (!calls) return std::nullopt;
      sum += *calls;
    }
    return sum;
  }

  std::vector<SketchRun> runs_;
  EngineOptions engine_;
  OnFailure on_failure_ = OnFailure::stop;
  bool progress_ = false;
};

class RandomWorkflows : public testing::TestWithParam<std::uint64_t> {};

}  // namespace

TEST_P(RandomWorkflows, ComeToWhatASequentialEvaluationSays) {
  for_each_seed(GetParam(), [](std::uint64_t seed) {
    const Game game{seed};
    const std::string log = game.play(seed);
    const bool again = seed % 4 == 0;
    EXPECT_EQ(again ? game.play(seed) : log, log) << "equal seeds, but the event logs differ";
    static_cast<void>(game.play(seed + 1'000'000));  // Another order, the same results.
  });
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWorkflows, seed_blocks(WEFT_PROPERTY_SEEDS));

}  // namespace weft::test
