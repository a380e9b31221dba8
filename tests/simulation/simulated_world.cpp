#include "simulation/simulated_world.hpp"

#include <cstdlib>
#include <iostream>

namespace weft::test {

using namespace std::chrono_literals;

void Journal::committed(TaskId task) {
  expect(committed_.insert(task).second, table_->name(task) + " was committed twice");
}

void Journal::expanded(TaskId map, std::size_t rows) {
  table_->expand(map, static_cast<std::uint32_t>(rows));
}

void Journal::granted(TaskId task) {
  expect(!committed_.contains(task), table_->name(task) + " was granted after its commit");
}

void Journal::called(TaskId task) {
  table_->for_each_dependency(task, [&](std::uint32_t, DependencyKind, TaskId needed) {
    expect(committed_.contains(needed),
           table_->name(task) + " was called before the commit of " + table_->name(needed));
  });
}

void Journal::launched(WorkerId worker, const std::string& holder, TimePoint now, Nanos lease) {
  Lease& known = leases_[worker];
  expect(known.holder.empty() || known.holder == holder || known.until <= now,
         "worker " + std::to_string(worker.number()) + " was launched twice at once");
  known = {holder, now + lease};
}

void Journal::renewed(WorkerId worker, const std::string& holder, TimePoint now, Nanos lease) {
  Lease& known = leases_[worker];
  expect(known.holder.empty() || (known.holder == holder && known.until > now),
         "worker " + std::to_string(worker.number()) + " has renewed a lease that was not its own");
  known.until = now + lease;
}

void Journal::claimed(WorkerId worker, TimePoint now, Nanos lease) {
  const auto known = leases_.find(worker);
  if (known == leases_.end()) return;
  if (known->second.until > now) {
    known->second.until = now + lease;
  } else {
    leases_.erase(known);  // Whether it counts is the store's to know.
  }
}

/// Answered as well when it was not the holder: that changes nothing.
void Journal::parked(WorkerId worker, const std::string& holder) {
  const auto known = leases_.find(worker);
  if (known != leases_.end() && known->second.holder == holder) leases_.erase(known);
}

bool SimulatedWorld::traced() {
  static const bool wanted = std::getenv("WEFT_TRACE") != nullptr;
  return wanted;
}

void SimulatedWorld::trace(const std::string& what) const {
  if (traced()) std::cerr << (timeline.now() - Timeline::start) / 1us << " us: " << what << '\n';
}

Nanos SimulatedWorld::transit() {
  constexpr std::uint32_t usual_min = 20'000;
  constexpr std::uint32_t usual_span = 180'000;
  const bool slow = dice.roll(1000) < weather.slow;
  const auto span = slow ? static_cast<std::size_t>(weather.slow_max.count()) : usual_span;
  return Nanos{usual_min + dice.roll(span)};
}

void SimulatedWorld::listen(RunId run, WorkerId worker, std::uint32_t process, ToldTo take) {
  auto& ears = listeners_[{run, worker}];
  if (take) {
    ears[process] = std::move(take);
  } else {
    ears.erase(process);
  }
  store.listen(run, worker, [this, run, worker](const Told& told) {
    for (const auto& [number, ear] : listeners_[{run, worker}]) ear(told);
  });
}

void SimulatedWorld::watch(RunId run, std::uint32_t process, std::function<void()> wake) {
  watchers_[run][process] = std::move(wake);
  store.watch(run, [this, run] {
    for (const auto& [number, ear] : watchers_[run]) {
      if (ear) ear();
    }
  });
}

}  // namespace weft::test
