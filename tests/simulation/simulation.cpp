#include "simulation/simulation.hpp"

#include <gtest/gtest.h>

#include <spdlog/spdlog.h>

#include <algorithm>

#include "simulation/simulated_process.hpp"
#include "support/sketch_checks.hpp"
#include "weft/planning/planner.hpp"

namespace weft::test {

namespace {

using namespace std::chrono_literals;

constexpr RunId run_id{7};

class Simulation {
public:
  explicit Simulation(std::uint64_t seed) : world_(seed) { set_up(); }

  /// What is under way refers to actors: it goes before them.
  ~Simulation() {
    for (const auto& process : processes_) process->vitals().die();
    world_.timeline.clear();
  }

  SimulationReport play();

private:
  Dice& dice() { return world_.dice; }
  [[nodiscard]] TimePoint now() const { return world_.timeline.now(); }
  Nanos random_time(Nanos most) {
    return Nanos{
      static_cast<std::int64_t>(dice().seed() % static_cast<std::uint64_t>(most.count() + 1))};
  }
  void trace(const std::string& what) const { world_.trace(what); }

  // What is simulated.
  void set_up();
  void set_up_weather();
  void plan_faults();
  void add_fault();
  void submit();
  SimulatedProcess& start_process();

  // Time.
  bool step();
  bool advance();
  template <class Condition>
  bool play_until(TimePoint limit, Condition&& condition);

  // Faults.
  std::vector<SimulatedProcess*> live_processes();
  SimulatedProcess* any_process();
  void crash(SimulatedProcess& process);
  void freeze(SimulatedProcess& process);
  void calm_down();
  void note_deaths();
  void look_after_client();

  // Checks.
  void expect(bool holds, const std::string& otherwise) { world_.journal.expect(holds, otherwise); }
  void check_result();
  [[nodiscard]] bool given_up(const RunRecord& record, const std::vector<RunEvent>& events);
  void check_accounts();
  void clean_up();
  std::vector<RunEvent> read_events();
  [[nodiscard]] bool stored();

  SimulatedWorld world_;
  SketchRun sketch_;
  PlanPtr plan_;
  Nanos lease_{};
  Nanos call_max_{};
  OnFailure on_failure_ = OnFailure::stop;
  std::uint32_t slots_max_ = 1;
  TimePoint calm_at_;
  TimePoint client_due_ = TimePoint::max();  ///< When another process attaches.
  std::vector<std::unique_ptr<SimulatedProcess>> processes_;
  std::vector<bool> mourned_;
  std::size_t client_process_ = 0;
  std::shared_ptr<SimulatedProcess::Client> client_;
  std::vector<RunEvent> events_;
  SimulationReport report_;
};

// -- what is simulated ----------------------------------------------------------------------------

void Simulation::set_up() {
  lease_ = 50ms * (1 + dice().roll(20));
  world_.lease = lease_;
  call_max_ = dice().chance(20) ? lease_ / 2 : dice().chance(50) ? Nanos{3ms} : Nanos{300us};
  on_failure_ = dice().chance(50) ? OnFailure::stop : OnFailure::go_on;
  slots_max_ = 1 + dice().roll(3);
  const std::uint32_t workers = 1 + dice().roll(6);
  sketch_ = prepare(random_sketch(dice(), {.tasks = 4 + dice().roll(22),
                                           .failures = dice().chance(25),
                                           .time = dice().chance(40),
                                           .workers = dice().chance(40) ? workers : 0u}));
  plan_ = std::make_shared<Plan>(
    find_planner("simple").value()->plan(*sketch_.graph, {.workers = workers}).value());
  world_.journal.begin(sketch_.graph);
  set_up_weather();
  const std::uint32_t nodes = 2 + dice().roll(3);
  for (std::uint32_t i = 0; i < nodes; ++i) start_process();
  calm_at_ = now() + lease_ * (1 + dice().roll(8));
  plan_faults();
  submit();
}

void Simulation::set_up_weather() {
  if (dice().chance(75)) {
    world_.weather = {.lost = dice().roll(60),
                      .repeated = dice().roll(60),
                      .slow = dice().roll(60),
                      .slow_max = dice().chance(50) ? lease_ / 4 : lease_ * 2};
  }
  world_.resend_after = dice().chance(50) ? Nanos{2ms} : lease_ / 2;
  world_.absent = dice().chance(50) ? 0 : dice().roll(60);
}

SimulatedProcess& Simulation::start_process() {
  processes_.push_back(std::make_unique<SimulatedProcess>(
    world_, SimulatedProcess::Options{.number = static_cast<std::uint32_t>(processes_.size()),
                                      .slots = 1 + dice().roll(slots_max_),
                                      .lease = lease_,
                                      .call_max = call_max_}));
  mourned_.push_back(false);
  return *processes_.back();
}

void Simulation::submit() {
  const RunDescription description{.graph = sketch_.graph,
                                   .plan = plan_,
                                   .kept = sketch_.kept,
                                   .lease = lease_,
                                   .submitted = world_.timeline.wall_now()};
  const auto live = live_processes();
  SimulatedProcess& process = *live.front();
  client_process_ = process.vitals().process();
  client_ = process.submit(process.context_of(run_id, description),
                           {.fail_fast = on_failure_ == OnFailure::stop,
                            .retention = lease_ * 40,
                            .detached = dice().chance(50)});
  trace("submitted by " + std::to_string(client_process_));
}

// -- faults ---------------------------------------------------------------------------------------

void Simulation::plan_faults() {
  const std::uint32_t count = dice().roll(7);
  for (std::uint32_t i = 0; i < count; ++i) add_fault();
  for (const auto& process : processes_) {
    if (!dice().chance(25)) continue;
    process->vitals().arm(static_cast<CrashPoint>(dice().roll(crash_points)), 1 + dice().roll(8));
  }
  world_.timeline.after(calm_at_ - now(), [this] { calm_down(); });
}

/// Faults are early, when the run is, or late.
void Simulation::add_fault() {
  const Nanos span = dice().chance(60) ? std::min<Nanos>(calm_at_ - now(), 20ms) : calm_at_ - now();
  const std::uint32_t kind = dice().roll(10);
  world_.timeline.after(random_time(span), [this, kind] {
    SimulatedProcess* process = any_process();
    if (kind < 4) {
      if (process) crash(*process);
    } else if (kind < 8) {
      if (process) freeze(*process);
    } else {
      world_.outage_until = std::min(now() + random_time(lease_ * 3), calm_at_);
      ++report_.outages;
      trace("outage");
    }
  });
}

std::vector<SimulatedProcess*> Simulation::live_processes() {
  std::vector<SimulatedProcess*> live;
  for (const auto& process : processes_) {
    if (process->live()) live.push_back(process.get());
  }
  return live;
}

SimulatedProcess* Simulation::any_process() {
  const auto live = live_processes();
  return live.empty() ? nullptr : dice().pick(live);
}

void Simulation::crash(SimulatedProcess& process) {
  process.vitals().die();
}

void Simulation::freeze(SimulatedProcess& process) {
  if (!process.awake()) return;
  ++report_.freezes;
  process.vitals().freeze();
  trace("freeze " + std::to_string(process.vitals().process()));
  world_.timeline.after(random_time(dice().chance(50) ? lease_ * 3 : lease_ / 2), [this, &process] {
    trace("thaw " + std::to_string(process.vitals().process()));
    process.vitals().thaw();
  });
}

/// From now on nothing fails any more.
void Simulation::calm_down() {
  trace("calm");
  world_.weather = {};
  for (const auto& process : processes_) process->vitals().arm(CrashPoint::plan_written, 0);
  if (live_processes().empty()) start_process();
}

/// What comes of the death of a process, whatever it was that killed it.
void Simulation::note_deaths() {
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if (processes_[i]->live() || mourned_[i]) continue;
    mourned_[i] = true;
    ++report_.crashes;
    trace("crash " + std::to_string(i));
    if (dice().chance(70) || live_processes().empty()) {
      world_.timeline.after(random_time(lease_ * 2), [this] { start_process(); });
    }
    if (i == client_process_ && !(client_ && client_->outcome->ended())) {
      client_.reset();
      client_due_ = now() + random_time(lease_ * 3);
    }
  }
}

/// When the process of the client has died, another one waits for the result. If the run was never
/// stored, it is submitted again, once nothing of the first submission can arrive any more.
void Simulation::look_after_client() {
  if (client_ || now() < client_due_ || live_processes().empty()) return;
  if (stored()) {
    RunDescription description;
    world_.store.describe(run_id,
                          [&](Result<RunDescription> known) { description = std::move(*known); });
    SimulatedProcess& process = *any_process();
    client_process_ = process.vitals().process();
    client_ = process.attach(run_id, description);
    trace("attached by " + std::to_string(client_process_));
  } else if (now() > calm_at_ + lease_ * 6) {
    submit();
  } else {
    client_due_ = calm_at_ + lease_ * 6 + 1ns;
  }
  if (!client_) world_.timeline.after(client_due_ - now(), [] {});
}

// -- time -----------------------------------------------------------------------------------------

/// Lets some actor handle a message. Answers false when none has one.
bool Simulation::step() {
  std::size_t jobs = 0;
  for (const auto& process : processes_) {
    if (process->awake()) jobs += process->jobs();
  }
  if (jobs == 0) return false;
  std::size_t chosen = dice().roll(jobs);
  for (const auto& process : processes_) {
    if (!process->awake()) continue;
    if (chosen < process->jobs()) {
      process->step(chosen);
      break;
    }
    chosen -= process->jobs();
  }
  ++report_.steps;
  return true;
}

/// Moves to when something happens, and lets it. Answers false when nothing ever does.
bool Simulation::advance() {
  TimePoint next = world_.timeline.next();
  for (const auto& process : processes_) {
    if (process->awake()) next = std::min(next, process->next_timer());
  }
  if (next == TimePoint::max()) return false;
  world_.timeline.move_to(std::max(next, now()));
  while (world_.timeline.happen()) {
  }
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if (processes_[i]->awake()) processes_[i]->trigger_timers();
  }
  return true;
}

template <class Condition>
bool Simulation::play_until(TimePoint limit, Condition&& condition) {
  constexpr std::uint64_t steps_max = 3'000'000;
  while (!condition()) {
    if (now() > limit || report_.steps > steps_max) return false;
    const bool stepped = step();
    note_deaths();
    look_after_client();
    if (!stepped && !advance()) return condition();
  }
  return true;
}

// -- checks ---------------------------------------------------------------------------------------

bool Simulation::stored() {
  bool known = false;
  world_.store.status(run_id, [&](const Result<RunStatus>& status) { known = status.has_value(); });
  return known;
}

std::vector<RunEvent> Simulation::read_events() {
  std::vector<RunEvent> events;
  world_.store.events(run_id, 0, 1'000'000, [&](Result<std::vector<RunEvent>> read) {
    if (read) events = std::move(*read);
  });
  return events;
}

/// Whether some task has lost so many workers that it was right to give it up.
bool Simulation::given_up(const RunRecord& record, const std::vector<RunEvent>& events) {
  const bool says_so = std::ranges::any_of(record.errors, [](const Error& error) {
    return error.message.find("is given up") != std::string::npos;
  });
  if (!says_so) return false;
  std::map<TaskId, std::uint32_t> losses;
  for (const RunEvent& event : events) {
    if (event.kind == RunEventKind::task_requeued) ++losses[event.task];
  }
  expect(std::ranges::any_of(losses,
                             [](const auto& one) { return one.second >= 4 * default_max_kills; }),
         "a task was given up that had not lost its workers that often");
  return true;
}

void Simulation::check_result() {
  Played played{.record = *client_->outcome->record(), .events = events_, .outputs = {}};
  if (given_up(played.record, events_)) return;
  if (played.record.state == RunState::succeeded) {
    for (const TaskId task : sketch_.kept) played.outputs[task] = client_->outcome->output(task);
  }
  check_played(sketch_, played, on_failure_);
  expect(client_->ends == 1,
         "the client was told of the end " + std::to_string(client_->ends) + " times");
}

/// Each call of a process that did not crash has been recorded, however it ended.
void Simulation::check_accounts() {
  for (const auto& process : processes_) {
    report_.calls += process->calls();
    if (!process->live()) continue;
    expect(process->calls() <= process->recorded(),
           "process " + std::to_string(process->vitals().process()) + " made " +
             std::to_string(process->calls()) + " calls and recorded " +
             std::to_string(process->recorded()) + " attempts");
    expect(process->run_actors() == 0, "process " + std::to_string(process->vitals().process()) +
                                         " has " + std::to_string(process->run_actors()) +
                                         " actors too many after the end");
  }
}

/// Lets go of the run; nothing must be left of it.
void Simulation::clean_up() {
  if (processes_[client_process_]->live()) processes_[client_process_]->close(*client_);
  expect(play_until(now() + lease_ * 60, [this] { return !stored(); }),
         "the run is still stored after its retention");
  const TimePoint settled = now() + lease_ * 3;
  world_.timeline.after(settled - now(), [] {});
  play_until(settled, [&] { return now() >= settled; });
  for (int i = 0; i < 10'000 && step(); ++i) {
  }
}

SimulationReport Simulation::play() {
  const Nanos bound = lease_ * 60 + 30s + call_max_ * 1000;
  const bool ended =
    play_until(calm_at_ + bound, [this] { return client_ && client_->outcome->ended(); });
  events_ = read_events();
  for (const RunEvent& event : events_) {
    report_.log += to_json(event) + '\n';
    if (event.kind == RunEventKind::task_requeued) ++report_.requeued;
    if (event.kind == RunEventKind::task_committed) ++report_.commits;
  }
  expect(ended, "the run has not ended within " + std::to_string(bound / 1ms) + " ms of calm");
  if (ended) {
    check_result();
    clean_up();
    check_accounts();
  }
  report_.log += std::to_string((now() - TimePoint{}).count()) + " ns, " +
                 std::to_string(report_.steps) + " steps\n";
  report_.failures = world_.journal.failures();
  return std::move(report_);
}

}  // namespace

SimulationReport simulate(std::uint64_t seed) {
  spdlog::set_level(spdlog::level::off);  // Of what is simulated, the trace tells more.
  return Simulation{seed}.play();
}

}  // namespace weft::test
