#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/dice.hpp"
#include "weft/storage/memory_run_store.hpp"
#include "weft/workflow/clock.hpp"
#include "weft/workflow/task_table.hpp"

namespace weft::test {

/// Virtual time, and what is under way in it.
class Timeline final : public Clock {
public:
  static constexpr TimePoint start{std::chrono::hours{1}};

  [[nodiscard]] TimePoint now() const override { return now_; }
  [[nodiscard]] WallTime wall_now() const override { return WallTime{now_.time_since_epoch()}; }

  /// Calls `happening` when `delay` has passed.
  void after(Nanos delay, std::function<void()> happening) {
    agenda_.emplace(now_ + delay, std::move(happening));
  }

  /// When the next thing happens; `TimePoint::max()` if nothing does.
  [[nodiscard]] TimePoint next() const {
    return agenda_.empty() ? TimePoint::max() : agenda_.begin()->first;
  }

  /// Nothing of what is under way happens any more.
  void clear() { agenda_.clear(); }

  void move_to(TimePoint time) { now_ = time; }

  /// Lets the first of what is due happen. Answers false when nothing is.
  bool happen() {
    if (next() > now_) return false;
    const auto node = agenda_.extract(agenda_.begin());
    node.mapped()();
    return true;
  }

private:
  TimePoint now_ = start;
  std::multimap<TimePoint, std::function<void()>> agenda_;
};

/// How messages fare between processes and the store.
struct Weather {
  std::uint32_t lost = 0;      ///< Of a thousand,
  std::uint32_t repeated = 0;  ///< of a thousand,
  std::uint32_t slow = 0;      ///< of a thousand.
  Nanos slow_max{};            ///< What slow ones take at most.
};

/// What the store has seen of the run, and what its observers find wrong. Failures are collected
/// here, since most of them are found deep in the simulation.
class Journal {
public:
  void begin(GraphPtr graph) { table_ = std::make_unique<TaskTable>(std::move(graph)); }

  /// A commit, or an expansion of a map into so many rows, was carried out.
  void committed(TaskId task);
  void expanded(TaskId map, std::size_t rows);
  /// The store has granted a task.
  void granted(TaskId task);
  /// The function of a task is about to be called.
  void called(TaskId task);

  /// A worker was launched, its lease was renewed, or something was claimed by it.
  void launched(WorkerId worker, const std::string& holder, TimePoint now, Nanos lease);
  void renewed(WorkerId worker, const std::string& holder, TimePoint now, Nanos lease);
  void claimed(WorkerId worker, TimePoint now, Nanos lease);
  void parked(WorkerId worker, const std::string& holder);

  /// All tasks of the run that there are so far.
  [[nodiscard]] const TaskTable& table() const { return *table_; }

  void expect(bool holds, const std::string& otherwise) {
    if (!holds && failures_.size() < failures_max) failures_.push_back(otherwise);
  }

  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }

private:
  static constexpr std::size_t failures_max = 5;

  std::unique_ptr<TaskTable> table_;
  std::set<TaskId> committed_;
  struct Lease {
    std::string holder;
    TimePoint until;
  };
  std::map<WorkerId, Lease> leases_;
  std::vector<std::string> failures_;
};

/// What all processes of a simulation share: time, luck, the store behind the network.
struct SimulatedWorld {
  explicit SimulatedWorld(std::uint64_t seed) : dice(seed) {}

  Dice dice;
  Timeline timeline;
  std::shared_ptr<const Clock> clock{std::shared_ptr<void>{}, &timeline};
  MemoryRunStore store{timeline};
  Weather weather;
  Nanos resend_after{};      ///< How long a client waits for an answer before it asks again.
  TimePoint outage_until{};  ///< Nothing is carried out before.
  Nanos lease{};
  std::uint32_t absent = 0;  ///< Of a hundred inputs, so many have to be fetched.
  Journal journal;

  /// What one message takes to arrive.
  [[nodiscard]] Nanos transit();
  [[nodiscard]] bool lost() { return dice.roll(1000) < weather.lost; }
  [[nodiscard]] bool repeated() { return dice.roll(1000) < weather.repeated; }

  /// Whether `WEFT_TRACE` in the environment asks for all that happens, on stderr.
  [[nodiscard]] static bool traced();
  void trace(const std::string& what) const;

  /// Somebody's ears for what the store tells a worker, or for the hints of a run.
  using ToldTo = std::function<void(const Told&)>;
  void listen(RunId run, WorkerId worker, std::uint32_t process, ToldTo take);
  void watch(RunId run, std::uint32_t process, std::function<void()> wake);

private:
  std::map<std::pair<RunId, WorkerId>, std::map<std::uint32_t, ToldTo>> listeners_;
  std::map<RunId, std::map<std::uint32_t, std::function<void()>>> watchers_;
};

}  // namespace weft::test
