#include "weft/apps/weft/chaos_trial.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/chaos_faults.hpp"
#include "weft/apps/weft/chaos_left_overs.hpp"
#include "weft/apps/weft/chaos_nodes.hpp"
#include "weft/apps/weft/chaos_redis.hpp"

namespace weft::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The run ends so long after the last fault, at the latest.
constexpr Nanos end_within = seconds{60};
/// For a node to start, or to answer what has no fault to wait for.
constexpr Nanos answer_within = seconds{45};
/// For a node whose input has ended.
constexpr Nanos close_within = seconds{15};
constexpr Nanos look_every = milliseconds{2};
constexpr Nanos ask_again_after = milliseconds{100};

TimePoint now() {
  return std::chrono::steady_clock::now();
}

std::string new_chaos_mark() {
  std::random_device source;
  return fmt::format("WEFT_CHAOS_{:08x}{:08x}=1", source(), source());
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

class ChaosTrial {
public:
  ChaosTrial(const ChaosSchedule& schedule, const std::atomic<bool>& stop)
    : schedule_(schedule),
      stop_(stop),
      work_folder_(made_folder(folder_.path() / "work")),
      redis_(made_folder(folder_.path() / "redis"), schedule.durability),
      url_(open_link()),
      nodes_({.seed = schedule.seed,
              .url = url_,
              .variables = {mark_, "TMPDIR=" + work_folder_.string(),
                            std::string(chaos_journal_variable) + "=" + journal().string()},
              .folder = work_folder_,
              .log = folder_.path() / "nodes.log"},
             [this](ChaosNodeProcess& node, const Json& line) { on_line(node, line); }),
      faults_(
        schedule,
        {.nodes = nodes_, .redis = redis_, .proxy = proxy_.get(), .mark = mark_, .watcher = [this] {
           return watcher_;
         }}) {}

  ChaosOutcome run() {
    const TimePoint began = now();
    try {
      play_all();
    } catch (const Exception& failure) {
      violate("it could not be played to its end: " + failure.error().message);
    }
    const auto calls = parse_chaos_journal(file_text(journal()));
    outcome_.calls =
      static_cast<std::uint64_t>(std::ranges::count(calls, false, &ChaosCall::ended));
    outcome_.recoveries = recovery_times(calls, faults_.deaths());
    outcome_.faults = faults_.met();
    outcome_.took = now() - began;
    if (!outcome_.violations.empty() && outcome_.ending != ChaosEnding::interrupted) {
      folder_.keep();
      outcome_.folder = folder_.path().string();
    }
    return std::move(outcome_);
  }

private:
  void play_all() {
    start_nodes();
    submit();
    play();
    faults_.end();
    if (outcome_.ending != ChaosEnding::interrupted) finish();
    close_nodes();
    look_for_left_overs();
  }

  static std::filesystem::path made_folder(const std::filesystem::path& path) {
    std::filesystem::create_directories(path);
    return path;
  }

  [[nodiscard]] std::filesystem::path journal() const { return folder_.path() / "calls"; }

  std::string open_link() {
    if (schedule_.link == ChaosLink::direct) return "unix://" + redis_.socket();
    ProxyOptions options{.server_path = redis_.socket(), .seed = schedule_.seed};
    if (schedule_.link == ChaosLink::unix_proxy) {
      options.listen_path = (folder_.path() / "proxy.sock").string();
    }
    proxy_ = FaultProxy::start(options).value();
    return options.listen_path.empty() ? fmt::format("redis://127.0.0.1:{}", proxy_->port())
                                       : "unix://" + options.listen_path;
  }

  void violate(std::string what) { outcome_.violations.push_back(std::move(what)); }

  [[nodiscard]] bool ended() const { return outcome_.ending != ChaosEnding::unknown; }

  /// Listens until it holds; whether it did in time.
  template <class Condition>
  bool wait_until(Nanos time, Condition condition) {
    const TimePoint until = now() + time;
    while (!condition()) {
      if (now() > until || stop_) return false;
      nodes_.listen();
      std::this_thread::sleep_for(look_every);
    }
    return true;
  }

  // -- the run -----------------------------------------------------------------------------------

  void start_nodes() {
    submitter_ = &nodes_.start();
    if (schedule_.standby) nodes_.start();
    const bool up = wait_until(answer_within, [&] { return !nodes_.starting(); });
    if (!up && !stop_) violate("a node does not start");
  }

  void submit() {
    watcher_ = submitter_;
    submitter_->child.tell("submit");
    submitted_ = now();
    faults_.start();
  }

  void play() {
    const TimePoint until = submitted_ + schedule_.faults_end() + end_within;
    while (!ended()) {
      faults_.act();
      nodes_.listen();
      notice_ends();
      if (!ended() && !watcher_) find_watcher();
      if (stop_) outcome_.ending = ChaosEnding::interrupted;
      if (ended()) break;
      if (now() > until) {
        violate(fmt::format("the run {} has not ended {} after the last fault",
                            run_.empty() ? "of unknown id" : run_, format_duration(end_within)));
        break;
      }
      std::this_thread::sleep_for(look_every);
    }
  }

  void notice_ends() {
    for (const auto& node : nodes_.all()) {
      if (node->gone || node->child.running()) continue;
      node->gone = true;
      for (const std::string& line : node->child.lines()) {
        const Json json = Json::parse(line, nullptr, false);
        if (json.is_object()) on_line(*node, json);
      }
      if (!node->killed && !node->excused) violate("a node has " + how_it_ended(*node));
      if (node.get() == watcher_) lose_watcher();
    }
  }

  static std::string how_it_ended(const ChaosNodeProcess& node) {
    const int status = node.child.status();
    return WIFSIGNALED(status) ? fmt::format("died of signal {}", WTERMSIG(status))
                               : fmt::format("ended with exit code {}", WEXITSTATUS(status));
  }

  void lose_watcher() {
    watcher_ = nullptr;
    ask_at_ = now() + ask_again_after;
    takeover_at_ = now() + schedule_.takeover;
  }

  /// Lets another node look at the run: a standby has been working at it all the time, a node that
  /// comes now is told to.
  void find_watcher() {
    if (now() < ask_at_) return;
    if (ChaosNodeProcess* node = nodes_.usable()) {
      watcher_ = node;
      const bool came_late = node == newcomer_;
      node->child.tell(run_.empty() ? "runs" : (came_late ? "resume " : "attach ") + run_);
    } else if (!nodes_.starting() && now() >= takeover_at_) {
      newcomer_ = &nodes_.start();
      ++outcome_.takeovers;
    }
  }

  // -- what nodes say ----------------------------------------------------------------------------

  void on_line(ChaosNodeProcess& node, const Json& line) {
    const std::string event = line.value("event", "");
    if (event == "ready") node.ready = true;
    if (event == "run") run_ = line.value("run", "");
    if (event == "created") accepted_ = now();
    if (event == "acknowledged") acknowledged_ = true;
    if (event == "inspected") inspected_ = line;
    if (event == "runs") on_runs(line);
    if (event == "refused") on_refused(node, line);
    if (event == "ended" && &node == watcher_) on_ended(line);
  }

  void on_runs(const Json& line) {
    runs_ = line.at("runs").get<std::vector<std::string>>();
    if (ended() || !run_.empty()) return;
    if (runs_->empty()) {
      outcome_.ending = ChaosEnding::never_accepted;
    } else {
      run_ = runs_->front();
      ask_again();
    }
  }

  void on_refused(ChaosNodeProcess& node, const Json& line) {
    const std::string what = line.value("what", "");
    if (what == "start") {
      node.excused = true;
      if (line.value("code", "") != "store_unavailable")
        violate("a node does not start: " + why(line));
    } else if (ended()) {
      refusal_ = line;
    } else {
      on_failure(line);
    }
  }

  static std::string why(const Json& line) {
    return line.value("code", "no code") + ": " + line.value("message", "no message");
  }

  void on_ended(const Json& line) {
    if (line.value("state", "") != "succeeded" || !line.contains("sum")) {
      on_failure(line);
    } else if (line.at("sum").get<std::uint64_t>() == expected_sum(schedule_.work)) {
      outcome_.ending = ChaosEnding::succeeded;
    } else {
      violate("the result is wrong");
      outcome_.ending = ChaosEnding::succeeded;
    }
  }

  /// Nobody but the store may end a run here, and only in ways that the schedule explains.
  void on_failure(const Json& line) {
    const std::string code = line.value("code", "");
    if (code == "store_unavailable") {
      ask_again();  // That was the end of the client's patience, not of the run.
    } else if (code == "run_unknown" && may_be_lost()) {
      outcome_.ending = ChaosEnding::lost;
    } else if (code == "run_unknown" && !accepted_ && submitter_->killed) {
      outcome_.ending = ChaosEnding::never_accepted;
    } else {
      violate(fmt::format("the run ended as '{}': {}", line.value("state", "unknown"), why(line)));
      outcome_.ending = ChaosEnding::lost;
    }
  }

  /// Whether Redis may have died with the run.
  [[nodiscard]] bool may_be_lost() const {
    if (schedule_.durability == DurabilityLevel::always) return false;
    if (schedule_.durability == DurabilityLevel::memory) return faults_.redis_died();
    return faults_.redis_died_soon_after(accepted_.value_or(submitted_));
  }

  void ask_again() {
    watcher_ = nullptr;
    ask_at_ = now() + ask_again_after;
  }

  // -- what is left ------------------------------------------------------------------------------

  void finish() {
    ChaosNodeProcess* node = nodes_.usable();
    if (!node) {
      nodes_.start();
      wait_until(answer_within, [&] { return (node = nodes_.usable()) || !nodes_.starting(); });
    }
    if (!node) {
      if (!stop_) violate("no node starts after the faults");
      return;
    }
    if (outcome_.ending == ChaosEnding::succeeded) inspect(*node);
    acknowledge_all(*node);
  }

  void inspect(ChaosNodeProcess& node) {
    refusal_.reset();
    node.child.tell("inspect " + run_);
    wait_until(answer_within, [&] { return inspected_ || refusal_ || !node.child.running(); });
    if (inspected_) {
      check_run(*inspected_);
    } else if (refusal_) {
      const bool lost = refusal_->value("code", "") == "run_unknown" && may_be_lost();
      if (!lost) violate("the run that has ended cannot be read: " + why(*refusal_));
    } else if (!stop_) {
      violate("a node does not answer what became of the run");
    }
  }

  void check_run(const Json& run) {
    const auto count = [&](const char* name) { return run.value(name, std::uint64_t{0}); };
    if (run.value("state", "") != "succeeded") violate("the run that succeeded says: " + why(run));
    if (count("sum") != expected_sum(schedule_.work))
      violate("the result is wrong when read again");
    if (count("ends") != 1) violate(fmt::format("the run has {} events of its end", count("ends")));
    if (count("committed") != count("tasks")) {
      violate(fmt::format("{} of {} tasks are committed", count("committed"), count("tasks")));
    }
    if (schedule_.may_lose_tail() && faults_.redis_died()) return;  // With it went events.
    if (count("most_commits") > 1) violate("a task has more than one event of its commit");
    if (count("committed_tasks") != count("committed")) {
      violate(fmt::format("{} tasks are committed, and {} have an event of it", count("committed"),
                          count("committed_tasks")));
    }
  }

  /// One that was submitted and not accepted in time may be there all the same.
  void acknowledge_all(ChaosNodeProcess& node) {
    for (int round = 0; round < 10; ++round) {
      runs_.reset();
      node.child.tell("runs");
      if (!wait_until(answer_within, [&] { return runs_.has_value() || !node.child.running(); }) ||
          !runs_) {
        if (!stop_) violate("a node does not say which runs there are");
        return;
      }
      if (runs_->empty()) return;
      for (const std::string& run : std::vector(*runs_)) {
        acknowledged_ = false;
        refusal_.reset();
        node.child.tell("acknowledge " + run);
        wait_until(answer_within, [&] { return acknowledged_ || refusal_; });
      }
    }
    violate("runs stay in the store whose results were taken");
  }

  void close_nodes() {
    for (const auto& node : nodes_.all()) node->child.end_input();
    for (const auto& node : nodes_.all()) {
      if (!node->child.wait_for(close_within)) {
        violate("a node does not end when it is told to");
        node->child.kill();
        node->gone = true;
      }
    }
    notice_bad_ends();
  }

  void notice_bad_ends() {
    for (const auto& node : nodes_.all()) {
      if (node->gone || node->killed || node->excused || node->child.status() == 0) continue;
      violate("a node has " + how_it_ended(*node));
    }
  }

  void look_for_left_overs() {
    violate_all(left_over_processes(mark_));
    if (outcome_.ending == ChaosEnding::interrupted) return;
    violate_all(left_over_keys(redis_));
    violate_all(left_over_files(work_folder_));
  }

  void violate_all(std::vector<std::string> what) {
    std::ranges::move(what, std::back_inserter(outcome_.violations));
  }

  const ChaosSchedule& schedule_;
  const std::atomic<bool>& stop_;
  TemporaryFolder folder_;
  std::filesystem::path work_folder_;
  std::string mark_ = new_chaos_mark();
  ChaosRedis redis_;
  std::unique_ptr<FaultProxy> proxy_;
  std::string url_;
  ChaosNodes nodes_;
  ChaosFaults faults_;
  ChaosOutcome outcome_;

  TimePoint submitted_{};

  ChaosNodeProcess* submitter_ = nullptr;
  ChaosNodeProcess* watcher_ = nullptr;   ///< Who tells of the end.
  ChaosNodeProcess* newcomer_ = nullptr;  ///< The last that was started since none was left.
  TimePoint ask_at_{};
  TimePoint takeover_at_{};

  std::string run_;  ///< Its id; empty: nobody has told it.
  std::optional<TimePoint> accepted_;
  bool acknowledged_ = false;
  std::optional<std::vector<std::string>> runs_;
  std::optional<Json> inspected_;
  std::optional<Json> refusal_;
};

}  // namespace

std::string_view to_string(ChaosEnding ending) {
  constexpr std::array<std::string_view, 5> names{"unknown", "succeeded", "lost", "never_accepted",
                                                  "interrupted"};
  return names[static_cast<std::size_t>(ending)];
}

ChaosOutcome play_chaos_schedule(const ChaosSchedule& schedule, const std::atomic<bool>& stop) {
  ChaosTrial trial{schedule, stop};
  return trial.run();
}

std::map<std::string, std::vector<double>> recovery_times(const std::vector<ChaosCall>& calls,
                                                          const std::vector<ChaosDeath>& deaths) {
  std::map<std::string, std::vector<double>> times;
  for (const ChaosDeath& death : deaths) {
    std::map<std::uint64_t, bool> interrupted;
    for (const ChaosCall& call : calls) {
      if (call.at > death.at) continue;
      if (std::ranges::find(death.processes, call.process) == death.processes.end()) continue;
      interrupted[call.task] = !call.ended;
    }
    for (const auto& [task, open] : interrupted) {
      if (!open) continue;
      const auto next = std::ranges::find_if(calls, [&, number = task](const ChaosCall& call) {
        return call.task == number && !call.ended && call.at > death.at;
      });
      if (next == calls.end()) continue;
      times[death.fault].push_back(
        std::chrono::duration<double, std::milli>(next->at - death.at).count());
    }
  }
  return times;
}

}  // namespace weft::cli
