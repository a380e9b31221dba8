// A host application that runs workflows as one of its services: one engine for the whole process,
// clients on threads of their own, a history in a file, its own log, and an orderly end. It prices
// options by simulation: each order is a run.
//
//   embedded_host [HISTORY.db]

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pricing_service.hpp"
#include "weft/storage/history/history_store.hpp"
#include "weft/weft.hpp"

namespace {

// -- the host's log -------------------------------------------------------------------------------

/// Keeps lines as the host keeps its own. weft logs little: what no run can be told of.
class HostLog final : public spdlog::sinks::base_sink<std::mutex> {
public:
  std::vector<std::string> lines() {
    const std::lock_guard lock{mutex_};
    return lines_;
  }

protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    lines_.emplace_back(message.payload.begin(), message.payload.end());
  }
  void flush_() override {}

private:
  std::vector<std::string> lines_;
};

// -- its clients ----------------------------------------------------------------------------------

bool expect(bool held, const char* what) {
  std::cout << (held ? "    " : "    NOT: ") << what << "\n";
  return held;
}

/// Follows one run until its last event has come. When it goes, no call of its handler is under way
/// or will come.
template <class T>
class Follower {
public:
  explicit Follower(weft::Run<T> run) : run_(std::move(run)) {
    subscription_ = run_.on_event([this](const weft::RunEvent& event) {
      if (event.kind == weft::RunEventKind::task_progress && !reported_.exchange(true)) {
        reported_.notify_all();
      }
      if (event.kind == weft::RunEventKind::task_started) ++started_;
      if (event.kind == weft::RunEventKind::task_committed) ++committed_;
      if (event.kind == weft::RunEventKind::ended) ended_.count_down();
    });
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower() { run_.unsubscribe(subscription_); }

  void wait_until_reported() { reported_.wait(false); }
  void wait_until_ended() { ended_.wait(); }
  [[nodiscard]] int started() const { return started_; }
  [[nodiscard]] int committed() const { return committed_; }

private:
  weft::Run<T> run_;
  std::uint64_t subscription_ = 0;
  std::atomic<bool> reported_ = false;
  std::atomic<int> started_ = 0;
  std::atomic<int> committed_ = 0;
  std::latch ended_{1};
};

/// What clients saw. Written by several threads.
struct Tally {
  std::atomic<int> right = 0;
  std::atomic<int> tasks_committed = 0;
  std::atomic<int> tasks_started = 0;  // Progress: those before a client subscribed are not seen.
};

/// One client: orders a few prices, one after the other, and follows what happens to each.
void order_prices(PricingService& service, Tally& tally, int client) {
  for (int i = 0; i < 5; ++i) {
    const Order order{.strike = 80.0 + 10 * i, .volatility = 0.1 + 0.05 * client};
    const auto run = service.price(order);
    Follower<double> follower{run};
    follower.wait_until_ended();
    tally.tasks_started += follower.started();
    tally.tasks_committed += follower.committed();
    // Payoffs deviate by 25 at most, so that the mean of 160000 is known to 25 / 400; five times
    // that is a defect. The seeds are fixed.
    const auto price = run.result();
    if (price && std::abs(*price - exact_price(order)) < 0.3) ++tally.right;
  }
}

bool serve_clients(PricingService& service) {
  Tally tally;
  {
    std::vector<std::jthread> clients;
    for (int client = 0; client < 4; ++client) {
      clients.emplace_back([&, client] { order_prices(service, tally, client); });
    }
  }  // Joins them.
  std::cout << "4 clients ordered 20 prices: " << tally.tasks_committed << " commits seen, "
            << tally.tasks_started << " starts\n";
  const int tasks = 20 * (batches + 1);
  return expect(tally.right == 20, "each price is near the exact one") &&
         expect(tally.tasks_committed == tasks, "each client was told of every commit");
}

bool cancel_one(PricingService& service) {
  const auto run = service.refine();
  Follower<weft::Nothing> follower{run};
  follower.wait_until_reported();
  run.cancel("the client has hung up");
  const auto result = run.result();
  std::cout << "cancelled: " << (result ? "no" : result.error().message) << "\n";
  return expect(!result && result.error().code == weft::Errc::cancelled,
                "a run that would not end was cancelled");
}

bool handle_failure(PricingService& service) {
  const auto result = service.price({.price = -1}).result();
  if (!result) std::cout << "failed: " << weft::to_string(result.error()) << "\n";
  return expect(!result && result.error().code == weft::Errc::invalid_argument &&
                  result.error().hint == "order with a price above 0",
                "a run that failed said why, and the service went on");
}

/// A handler of the host that throws harms no run; weft says so in the host's log.
bool log_defect(PricingService& service, HostLog& log) {
  const auto run = service.price({});
  std::latch ended{1};
  const auto events = run.on_event([&ended](const weft::RunEvent& event) {
    if (event.kind == weft::RunEventKind::ended) ended.count_down();
    throw std::runtime_error("a defect of the host");
  });
  ended.wait();
  run.unsubscribe(events);  // Returns when the last call has, and was logged.
  const bool priced = run.result().has_value();
  const auto lines = log.lines();
  std::cout << "the host's log: " << (lines.empty() ? "nothing" : lines.front()) << "\n";
  return expect(priced && !lines.empty() &&
                  lines.front().find("a defect of the host") != std::string::npos,
                "a handler that threw harmed no run, and the log names it");
}

/// Reads the history as another process would, after the end of the engine.
bool check_history(const std::filesystem::path& file, weft::RunId unfinished) {
  const auto history = weft::open_sqlite_history(file).value();
  std::map<weft::RunState, int> states;
  for (const weft::RunRecord& record : history->runs(24, "").value()) ++states[record.state];
  std::cout << "history: " << states[weft::RunState::succeeded] << " succeeded, "
            << states[weft::RunState::failed] << " failed, " << states[weft::RunState::cancelled]
            << " cancelled\n";
  return expect(states[weft::RunState::succeeded] == 21 && states[weft::RunState::failed] == 1 &&
                  states[weft::RunState::cancelled] == 2,
                "every run is in the history file as it ended") &&
         expect(history->run(unfinished).value().state == weft::RunState::cancelled,
                "so is the one that the end of the service cut short");
}

bool run_host(const std::filesystem::path& history) {
  const auto log = std::make_shared<HostLog>();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("host", log));
  std::optional<PricingService> service{history};
  bool ok = serve_clients(*service);
  ok = cancel_one(*service) && ok;
  ok = handle_failure(*service) && ok;
  ok = log_defect(*service, *log) && ok;

  const auto unfinished = service->refine();
  service.reset();  // Cancels what still runs, waits for functions, writes the history.
  return check_history(history, unfinished.id()) && ok;
}

/// A file for one start of the host, removed at its end.
class TemporaryHistory {
public:
  ~TemporaryHistory() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "history.db"; }

private:
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                  ("weft-embedded-host-" + std::to_string(getpid()));
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
    std::cerr << "usage: embedded_host [HISTORY.db]\n"
                 "  without a file the history is removed at the end\n";
    return 2;
  }
  const TemporaryHistory temporary;
  try {
    const bool ok = run_host(argc == 2 ? argv[1] : temporary.file());
    std::cout << "checked: " << (ok ? "ok" : "wrong") << "\n";
    return ok ? 0 : 1;
  } catch (const weft::Exception& failure) {
    std::cerr << "error: " << failure.what() << "\n";
    return 1;
  }
}
