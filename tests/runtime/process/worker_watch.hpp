#pragma once

#include <dirent.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/process/eventually.hpp"
#include "runtime/process/probe_frames.hpp"
#include "weft/runtime/pools/process/worker_hello.hpp"
#include "weft/runtime/pools/process/worker_process.hpp"

namespace weft::test {

/// Whether a process has ended, or is a zombie that somebody will reap.
inline bool has_ended(pid_t process) {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  if (pidfd < 0) return true;
  pollfd watched{pidfd, POLLIN, 0};
  const bool ended = ::poll(&watched, 1, 0) == 1;
  ::close(pidfd);
  return ended;
}

/// Whether a process was halted by a signal.
inline bool is_halted(pid_t process) {
  std::ifstream stat{"/proc/" + std::to_string(process) + "/stat"};
  std::string number;
  std::string name;
  std::string state;
  return stat >> number >> name >> state && state == "T";
}

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder)) ++count;
  ::closedir(folder);
  return count;
}

/// The probe as a worker process.
inline WorkerProcessOptions probe(const std::string& bad_start = {}) {
  WorkerProcessOptions options{
    .command = {WEFT_TEST_PROBE_PROGRAM, std::string{worker_process_argument}}};
  if (!bad_start.empty()) options.environment = {probe_variable + ("=" + bad_start)};
  return options;
}

/// What one worker process has told, for a test to wait for.
class WorkerWatch {
public:
  WorkerWatch(WorkerProcesses& workers, WorkerProcessOptions options)
    : state_(std::make_shared<State>()) {
    worker_ = workers.start(
      std::move(options),
      {.on_started =
         [state = state_](Result<StartTimes> started) { state->set(state->started, started); },
       .on_frame = [state = state_](Frame frame) { state->add(state->frames, std::move(frame)); },
       .on_exit = [state = state_](WorkerExit exit) { state->set(state->exit, std::move(exit)); },
       .on_room = [state = state_] { state->set(state->room, true); },
       .on_line =
         [state = state_](std::string_view line) { state->add(state->lines, std::string{line}); }});
  }

  WorkerProcess& worker() { return *worker_; }

  Result<StartTimes> started() {
    auto started = state_->wait_for(state_->started);
    if (started) return *started;
    return Error{.message = "nothing was told"};
  }
  std::optional<WorkerExit> exit() { return state_->wait_for(state_->exit); }
  bool got_room() { return state_->wait_for(state_->room).value_or(false); }

  void order(const std::string& order) {
    const auto sent = worker_->send(probe_order, order);
    EXPECT_TRUE(sent) << to_string(sent.error());
  }
  std::optional<Frame> frame() {
    std::unique_lock lock{state_->mutex};
    state_->changed.wait_for(lock, patience, [this] { return !state_->frames.empty(); });
    if (state_->frames.empty()) return std::nullopt;
    Frame frame = std::move(state_->frames.front());
    state_->frames.pop_front();
    return frame;
  }
  /// Gives an order and waits for its answer.
  std::string ask(const std::string& text) {
    order(text);
    const auto answer = frame();
    EXPECT_TRUE(answer) << text;
    return answer ? answer->payload : std::string{};
  }
  pid_t ask_process(const std::string& text) { return std::atoi(ask(text).c_str()); }

  std::vector<std::string> lines() {
    const std::lock_guard lock{state_->mutex};
    return {state_->lines.begin(), state_->lines.end()};
  }

private:
  struct State {
    template <class T, class U>
    void set(std::optional<T>& field, U&& value) {
      const std::lock_guard lock{mutex};
      EXPECT_FALSE((field.has_value() && !std::is_same_v<T, bool>)) << "told twice";
      field.emplace(std::forward<U>(value));
      changed.notify_all();
    }
    template <class T>
    void add(std::deque<T>& list, T value) {
      const std::lock_guard lock{mutex};
      list.push_back(std::move(value));
      changed.notify_all();
    }
    template <class T>
    std::optional<T> wait_for(std::optional<T>& field) {
      std::unique_lock lock{mutex};
      changed.wait_for(lock, patience, [&] { return field.has_value(); });
      return field;
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<StartTimes>> started;
    std::optional<WorkerExit> exit;
    std::optional<bool> room;
    std::deque<Frame> frames;
    std::deque<std::string> lines;
  };

  std::shared_ptr<State> state_;
  std::shared_ptr<WorkerProcess> worker_;
};

}  // namespace weft::test
