#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include <fmt/format.h>

#include "weft/apps/weft/configuration_files.hpp"
#include "weft/apps/weft/function_source.hpp"
#include "weft/apps/weft/signal_watch.hpp"
#include "weft/apps/weft/stored_runs.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"
#include "weft/runtime/engine.hpp"
#include "weft/runtime/pools/process/process_limits.hpp"

namespace weft::cli {

namespace {

/// Between two looks for runs that nobody works at: nodes are not told of new ones.
constexpr auto take_over_interval = std::chrono::milliseconds{500};

EngineOptions node_options(const Configuration& configuration) {
  EngineOptions options = checked_engine_options(configuration);
  // Each run brings functions of its own, and may change the folder that the process is in.
  options.pool.kind = PoolKind::processes;
  options.recorder.history.clear();
  options.make_registry = functions_from;
  return options;
}

/// A node that runs tasks of whatever lies in its store, until it is told to end.
class NodeCommand {
public:
  explicit NodeCommand(Session& session)
    : console_(session.console),
      signals_([this](int) { request_end(); }),
      stored_(session.configuration),
      engine_(Registry{}, node_options(session.configuration)) {
    const std::uint32_t processes = engine_.options().pool.slots;
    console_.note(fmt::format("working at the runs in {} with {} {}\n", stored_.options().url,
                              processes, processes == 1 ? "process" : "processes"));
    const ProcessLimits limits{{}};
    console_.note(limits.limits_statement(engine_.options().pool.slot_class) + "\n");
  }

  ExitCode execute() {
    std::unique_lock lock{mutex_};
    while (!ending_) {
      lock.unlock();
      look();
      lock.lock();
      end_.wait_for(lock, take_over_interval, [this] { return ending_; });
    }
    console_.note("ending; what was under way goes to other nodes\n");
    return ExitCode::success;
  }

private:
  void request_end() {
    const std::lock_guard lock{mutex_};
    ending_ = true;
    end_.notify_all();
  }

  void look() {
    try {
      for (const RunId run : stored_.ids()) {
        if (!taken_.contains(run) && !refused_.contains(run)) consider(run);
      }
    } catch (const Exception& failure) {
      console_.note(to_string(failure.error()) + "\n");
    }
    std::erase_if(taken_, [this](const auto& one) {
      if (!one.second->wait_for(Nanos{})) return false;
      console_.note(fmt::format("run {} has ended: {}\n", one.first.text(),
                                to_string(one.second->record().state)));
      return true;
    });
  }

  /// Takes a run over that nobody works at. What others hold comes with the sweep if they die.
  void consider(RunId run) {
    try {
      if (stored_.status(run).state != RunState::running) return;
      if (count_alive(stored_.workers(run)) > 0) return;
    } catch (const Exception& failure) {
      if (failure.error().code == Errc::run_unknown) return;  // Erased, or not yet there.
      throw;
    }
    auto resumed = engine_.resume(run);
    if (resumed) {
      console_.note(fmt::format("took over run {} ({})\n", run.text(),
                                printable((*resumed)->record().workflow)));
      taken_.emplace(run, std::move(*resumed));
    } else {
      console_.note(fmt::format("run {} is left to others: {}\n", run.text(),
                                printable(to_string(resumed.error()))));
      refused_.insert(run);
    }
  }

  Console& console_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool ending_ = false;
  SignalWatch signals_;  ///< Before other threads.
  StoredRuns stored_;
  Engine engine_;
  std::map<RunId, std::shared_ptr<RunHandle>> taken_;
  std::set<RunId> refused_;
};

}  // namespace

void add_worker(CommandLine& line) {
  CLI::App& verb = line.add(
    {.name = "worker",
     .summary = "be a node that runs tasks of the runs in a store, until it is told to end",
     .details = "Its worker processes take the functions of each run from where the submitter had "
                "them. SIGTERM and ^C end it; what was under way goes to other nodes.",
     .examples = "  weft worker --store unix:///run/redis.sock --pool process:4\n"},
    [](Session& session) { return NodeCommand{session}.execute(); });
  add_pool_flags(line, verb);
}

}  // namespace weft::cli
