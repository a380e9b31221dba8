#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weft/apps/weft/chaos_nodes.hpp"
#include "weft/apps/weft/chaos_redis.hpp"
#include "weft/apps/weft/chaos_schedule.hpp"
#include "weft/apps/weft/chaos_trial.hpp"

namespace weft::cli {

/// What faults happen to. All of it outlives them.
struct ChaosTargets {
  ChaosNodes& nodes;
  ChaosRedis& redis;
  FaultProxy* proxy = nullptr;  ///< Nothing when nodes reach Redis directly.
  const std::string& mark;      ///< Of all processes of the schedule.
  /// The node that tells of the run's end; nothing while there is none.
  std::function<ChaosNodeProcess*()> watcher;
};

/// Carries out the faults of a schedule when their times have come. Not thread-safe.
class ChaosFaults {
public:
  ChaosFaults(const ChaosSchedule& schedule, ChaosTargets targets)
    : schedule_(schedule), targets_(std::move(targets)) {}

  /// From now on their times count.
  void start();

  /// Begins and ends those that are due. Throws `Exception` when Redis does not start again.
  void act() { act_until(std::chrono::steady_clock::now()); }

  /// Ends those that have begun; no other begins. Throws as `act`.
  void end();

  /// How many have met something, by name.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& met() const { return met_; }
  [[nodiscard]] const std::vector<ChaosDeath>& deaths() const { return deaths_; }
  [[nodiscard]] bool redis_died() const { return redis_died_.has_value(); }
  /// Whether Redis was killed so soon after `written` that it may not have it on its disk: with
  /// `everysec` it holds back for two seconds what it cannot write at once.
  [[nodiscard]] bool redis_died_soon_after(TimePoint written) const;

private:
  /// Something to be done at a time: a fault begins, or ends.
  struct Action {
    TimePoint at{};
    bool begins = false;
    std::function<void()> act;
  };

  void act_until(TimePoint time);
  void later(const ChaosFault& fault, std::function<void()> act);
  bool apply(const ChaosFault& fault);
  bool stop_redis(const ChaosFault& fault);
  bool restart_redis(const ChaosFault& fault);
  bool hit_worker(const ChaosFault& fault);
  bool kill_node(const ChaosFault& fault, ChaosNodeProcess* node);

  const ChaosSchedule& schedule_;
  ChaosTargets targets_;
  TimePoint started_{};
  std::vector<Action> actions_;
  std::map<std::string, std::uint64_t> met_;
  std::vector<ChaosDeath> deaths_;
  std::optional<TimePoint> redis_died_;  ///< First.
};

}  // namespace weft::cli
