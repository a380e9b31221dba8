// How a worker of a run that outlives processes holds its place: launched once, kept by heartbeats,
// given up when it parks.

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"
#include "weft/actors/worker.hpp"

namespace weft {

void WorkerActor::launch() {
  lease_ = Lease::asked;
  // First: who listens by the time it is launched need not ask what it has missed.
  self_->send(services_->attempt_store_of(id_),
              ListenForWorker{.run = context_->id, .worker = id_, .listener = self_});
  self_
    ->request(services_->attempt_store_of(id_), caf::infinite,
              LaunchWorker{.run = context_->id, .worker = id_, .holder = services_->holder})
    .then([this](bool launched) { on_launched(launched); },
          [this](const caf::error&) { on_launched(false); });
}

/// Somebody else may be this worker already, or the run may be over.
void WorkerActor::on_launched(bool launched) {
  if (!launched || stopping_) {
    if (!stopping_) pass_on();
    lose_lease();
    return;
  }
  lease_ = Lease::held;
  launched_at_ = context_->now();
  self_->delayed_send(self_, context_->lease / 3, Heartbeat{});
  read_held();
  core_.on_ready(std::exchange(early_, {}), effects_);
  perform_all();
}

/// What this actor was told of is the worker's who is launched elsewhere, and who may never hear of
/// it.
void WorkerActor::pass_on() {
  if (early_.empty()) return;
  ClaimRequest request{
    .run = context_->id, .worker = id_, .tasks = {}, .mode = ClaimMode::told};
  for (const ReadyTask& task : std::exchange(early_, {})) request.tasks.push_back(task.task);
  self_->request(services_->attempt_store_of(id_), caf::infinite, std::move(request))
    .then([](const ClaimAnswer&) {}, [](const caf::error&) {});  // A sweep finds what is left.
}

void WorkerActor::beat() {
  if (stopping_ || lease_ == Lease::none) return;
  self_->delayed_send(self_, context_->lease / 3, Heartbeat{});
  self_
    ->request(services_->attempt_store_of(id_), caf::infinite,
              RenewLease{.run = context_->id, .worker = id_, .holder = services_->holder})
    .then([this](const Renewal& renewal) { on_renewed(renewal); },
          [this](const caf::error&) { lose_lease(); });
}

void WorkerActor::on_renewed(const Renewal& renewal) {
  if (stopping_ || lease_ != Lease::held) return;
  if (!renewal.held) {
    lose_lease();
  } else if (renewal.told > told_) {
    told_ = renewal.told;
    read_held();
  }
}

/// One that is not the next may tell of what has ended since, or be of an earlier launch: the store
/// knows better.
void WorkerActor::on_told(Told& told) {
  if (stopping_ || lease_ != Lease::held) return;
  const bool next = told.number == told_ + 1;
  told_ = std::max(told_, told.number);
  if (!next) {
    read_held();
    return;
  }
  core_.on_told(std::move(told.grants), effects_);
  perform_all();
}

/// Takes what the store says that it holds: a message or an answer may have been lost.
void WorkerActor::read_held() {
  if (std::exchange(reading_held_, true)) {
    read_held_again_ = true;
    return;
  }
  core_.on_reading();
  self_
    ->request(services_->attempt_store_of(id_), caf::infinite,
              ReadHeld{.run = context_->id, .worker = id_})
    .then(
      [this](HeldTasks& held) {
        reading_held_ = false;
        if (stopping_) return;
        core_.on_held(std::move(held.grants), effects_);
        perform_all();
        quit_if_done();
        if (std::exchange(read_held_again_, false)) read_held();
      },
      [this](const caf::error& error) {
        reading_held_ = false;
        give_up(from_caf(error));
      });
}

/// It is this worker no longer: what it held is others'. What it knows to be ready is passed on.
void WorkerActor::lose_lease() {
  lease_ = Lease::none;
  std::vector<ReadyTask> left = core_.take_left();
  left.insert(left.end(), early_.begin(), early_.end());
  early_.clear();
  if (!left.empty()) {
    self_->send(services_->launcher,
                LaunchTasks{.run = context_->id, .worker = id_, .tasks = std::move(left)});
  }
  on_stop();
}

/// A worker that has something to do is left some time for it: to come and go costs some, too.
void WorkerActor::on_park() {
  if (stopping_) return;
  constexpr Nanos fair_share = std::chrono::milliseconds{100};
  const Nanos held = context_->now() - launched_at_;
  if (lease_ != Lease::held || (!core_.idle() && held < fair_share)) {
    self_->delayed_send(self_, std::max(fair_share - held, Nanos{std::chrono::milliseconds{1}}),
                        ParkWorker{});
    return;
  }
  core_.on_park(effects_);
  perform_all();
  quit_if_done();
}

/// What became ready while it gave up its place needs the worker once more.
void WorkerActor::launch_again() {
  if (early_.empty()) return;
  self_->send(
    services_->launcher,
    LaunchTasks{.run = context_->id, .worker = id_, .tasks = std::exchange(early_, {})});
}

/// Gives its place up, unless something was claimed for it meanwhile.
void WorkerActor::end_lease() {
  if (lease_ != Lease::held) return;
  lease_ = Lease::ending;
  self_
    ->request(services_->attempt_store_of(id_), caf::infinite,
              ParkLease{.run = context_->id, .worker = id_, .holder = services_->holder})
    .then(
      [this](bool parked) {
        if (stopping_) return;
        if (parked) {
          launch_again();
          lose_lease();
        } else {
          lease_ = Lease::held;
          read_held();
          core_.on_ready(std::exchange(early_, {}), effects_);
          perform_all();
        }
      },
      [this](const caf::error&) { lose_lease(); });
}

}  // namespace weft
