#include "weft/apps/weft/chaos_node.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <string_view>

#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_values.hpp"
#include "weft/apps/weft/function_source.hpp"
#include "weft/runtime/engine.hpp"

namespace weft::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view node_argument = "--weft-chaos-node";
/// How often it looks whether its run has ended while nobody tells it anything.
constexpr int look_every_ms = 10;
/// For a run that has ended to be read again, and for its events.
constexpr Nanos inspect_patience = seconds{20};

/// What a run's events say about its end. The handler is called on a thread of the engine.
class EventTally {
public:
  void take(const RunEvent& event) {
    const std::lock_guard lock{mutex_};
    if (event.kind == RunEventKind::task_committed) ++commits_[event.task];
    if (event.kind == RunEventKind::task_requeued) ++requeued_;
    if (event.kind == RunEventKind::attempt_lost) ++lost_;
    if (event.kind == RunEventKind::attempt_failed) ++failed_;
    if (event.kind == RunEventKind::ended) {
      ++ends_;
      changed_.notify_all();
    }
  }

  bool wait_for_end(Nanos time) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, time, [this] { return ends_ > 0; });
  }

  void add_to(Json& json) {
    const std::lock_guard lock{mutex_};
    std::uint64_t most = 0;
    for (const auto& [task, count] : commits_) most = std::max(most, count);
    json["ends"] = ends_;
    json["committed_tasks"] = commits_.size();
    json["most_commits"] = most;
    json["requeued"] = requeued_;
    json["lost_attempts"] = lost_;
    json["failed_attempts"] = failed_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<TaskId, std::uint64_t> commits_;
  std::uint64_t ends_ = 0, requeued_ = 0, lost_ = 0, failed_ = 0;
};

/// Events of a run are told on a thread of the engine.
void say(const Json& json) {
  static std::mutex mutex;
  const std::lock_guard lock{mutex};
  std::cout << text_of(json, JsonLayout::line) << '\n' << std::flush;
}

void refuse(const std::string& what, const Error& error) {
  say({{"event", "refused"},
       {"what", what},
       {"code", to_string(error.code)},
       {"message", error.message}});
}

class ChaosNode {
public:
  ChaosNode(const ChaosSchedule& schedule, const std::string& url)
    : work_(schedule.work), engine_(functions(), chaos_engine_options(schedule, url)) {}

  void serve() {
    say({{"event", "ready"}});
    while (read_input()) {
      look();
    }
  }

private:
  static Registry functions() {
    Registry registry;
    add_chaos_functions(registry);
    return registry;
  }

  /// False at the end of the input.
  bool read_input() {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&input, 1, look_every_ms) <= 0) return true;
    std::array<char, 4096> block;
    const ssize_t size = ::read(STDIN_FILENO, block.data(), block.size());
    if (size <= 0) return false;
    partial_.append(block.data(), static_cast<std::size_t>(size));
    for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
      const std::string line = partial_.substr(0, end);
      partial_.erase(0, end + 1);
      obey(line);
    }
    return true;
  }

  void obey(const std::string& line) {
    const auto space = line.find(' ');
    const std::string what = line.substr(0, space);
    const auto run =
      space == std::string::npos ? std::nullopt : RunId::parse(line.substr(space + 1));
    try {
      if (what == "submit") submit();
      if (what == "runs") list();
      if (!run) return;
      if (what == "attach") watch(what, engine_.attach(*run));
      if (what == "resume") watch(what, engine_.resume(*run));
      if (what == "inspect") inspect(*run);
      if (what == "acknowledge") acknowledge(*run);
    } catch (const Exception& failure) {
      refuse(what, failure.error());
    }
  }

  void submit() {
    ChaosWorkflow made = make_chaos_workflow(work_);
    handle_ = engine_.submit(std::move(made.workflow), made.result, {.detached = true}).handle();
    reported_ = false;
    say({{"event", "run"}, {"run", handle_->id().text()}});
    accepted_ = false;
  }

  void watch(const std::string& what, Result<std::shared_ptr<RunHandle>> handle) {
    if (!handle) {
      refuse(what, handle.error());
      return;
    }
    handle_ = std::move(*handle);
    reported_ = false;
    say({{"event", "watching"}});
  }

  /// `submit` does not wait for the store.
  void look_for_acceptance() {
    const auto runs = engine_.stored_runs();
    accepted_ = runs && std::ranges::find(*runs, handle_->id()) != runs->end();
    if (accepted_) say({{"event", "created"}});
  }

  void look() {
    if (handle_ && !accepted_ && !reported_) look_for_acceptance();
    if (!handle_ || reported_ || !handle_->wait_for(Nanos{})) return;
    reported_ = true;
    Json json{{"event", "ended"}};
    describe(json, *handle_);
    say(json);
  }

  void describe(Json& json, RunHandle& handle) const {
    const RunRecord record = handle.record();
    json["state"] = to_string(record.state);
    json["tasks"] = record.tasks.total;
    json["committed"] = record.tasks.committed;
    if (!record.errors.empty()) {
      json["code"] = to_string(record.errors.front().code);
      json["message"] = to_string(record.errors.front());
    }
    if (record.state != RunState::succeeded) return;
    const auto value = handle.output(result_task());
    const auto blob = value ? value->as<Blob>() : Result<Shared<Blob>>{value.error()};
    if (blob) {
      json["sum"] = sum_of_words(**blob);
    } else {
      json["code"] = to_string(blob.error().code);
      json["message"] = to_string(blob.error());
    }
  }

  /// The numbers of a workflow's tasks follow from how it is written.
  [[nodiscard]] TaskId result_task() const { return make_chaos_workflow(work_).result.task(); }

  void inspect(RunId run) {
    auto attached = engine_.attach(run);
    if (!attached) {
      refuse("inspect", attached.error());
      return;
    }
    RunHandle& handle = **attached;
    EventTally tally;
    const std::uint64_t subscription =
      handle.subscribe([&tally](const RunEvent& event) { tally.take(event); });
    Json json{{"event", "inspected"}};
    json["over"] = handle.wait_for(inspect_patience);
    tally.wait_for_end(inspect_patience);
    handle.unsubscribe(subscription);
    describe(json, handle);
    tally.add_to(json);
    say(json);
  }

  void acknowledge(RunId run) {
    handle_.reset();
    if (auto done = engine_.acknowledge(run); !done) {
      refuse("acknowledge", done.error());
    } else {
      say({{"event", "acknowledged"}});
    }
  }

  void list() {
    const auto runs = engine_.stored_runs();
    if (!runs) {
      refuse("runs", runs.error());
      return;
    }
    Json json{{"event", "runs"}, {"runs", Json::array()}};
    for (const RunId run : *runs) json["runs"].push_back(run.text());
    say(json);
  }

  ChaosWork work_;
  Engine engine_;
  std::string partial_;
  std::shared_ptr<RunHandle> handle_;
  bool reported_ = false;
  bool accepted_ = true;  ///< The store has the run that this node has submitted, if it has any.
};

}  // namespace

std::vector<std::string> chaos_node_arguments(std::uint64_t seed, const std::string& url) {
  return {std::string(node_argument), std::to_string(seed), url};
}

EngineOptions chaos_engine_options(const ChaosSchedule& schedule, const std::string& url) {
  EngineOptions options;
  options.pool.kind = PoolKind::processes;
  options.pool.slots = schedule.slots;
  options.workers = schedule.workers;
  options.store.url = url;
  options.store.durability = schedule.durability;
  options.store.lease = schedule.lease;
  options.source = chaos_function_source();
  return options;
}

std::optional<int> run_chaos_node_if_asked(int argument_count, char** arguments) {
  if (argument_count != 4 || arguments[1] != node_argument) return std::nullopt;
  try {
    const std::uint64_t seed = std::strtoull(arguments[2], nullptr, 10);
    ChaosNode{draw_chaos_schedule(seed), arguments[3]}.serve();
    return 0;
  } catch (const Exception& failure) {
    refuse("start", failure.error());
    return 1;
  }
}

}  // namespace weft::cli
