#include "weft/runtime/commands/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "weft/runtime/commands/process_keeper.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;

/// A file descriptor that is closed at the end.
class Descriptor {
public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

private:
  int number_;
};

Error refused(const std::string& what, int number) {
  return {.code = Errc::io_failed,
          .message = fmt::format("{}: {}", what, std::strerror(number)),
          .hint = {}};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

/// What `posix_spawn` does between fork and exec.
class SpawnPlan {
public:
  explicit SpawnPlan(const ChildProgram& child) {
    posix_spawn_file_actions_init(&actions_);
    const char* input = child.standard_input.empty() ? "/dev/null" : child.standard_input.c_str();
    constexpr int create = O_WRONLY | O_CREAT | O_TRUNC;
    constexpr mode_t mode = 0644;
    posix_spawn_file_actions_addopen(&actions_, 0, input, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, 1, child.standard_output.c_str(), create, mode);
    posix_spawn_file_actions_addopen(&actions_, 2, child.standard_error.c_str(), create, mode);
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    posix_spawn_file_actions_addchdir_np(&actions_, child.folder.c_str());
    posix_spawnattr_init(&attributes_);
    // A session of its own, and with it a group: without a terminal, a program that asks for a
    // password fails instead of waiting for ever.
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  Result<pid_t> start(const ChildProgram& child) const {
    const auto arguments = pointers(child.arguments);
    auto kept = child.environment;
    kept.push_back(ProcessKeeper::of_this_process().mark());
    const auto environment = pointers(kept);
    pid_t process = 0;
    const int failure = ::posix_spawn(&process, child.program.c_str(), &actions_, &attributes_,
                                      arguments.data(), environment.data());
    if (failure == 0) return process;
    Error error = refused(in_quotes(child.program.string()) + " cannot be started", failure);
    if (failure == E2BIG) error.hint = "its arguments are too long; pass them in a file";
    if (failure == ENOEXEC) error.hint = "a script begins with #! and its interpreter";
    return error;
  }

private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Whether a process of the group is left that has not ended.
bool any_alive(pid_t group) {
  std::error_code failure;
  for (fs::directory_iterator each("/proc", failure), end; !failure && each != end;
       each.increment(failure)) {
    std::ifstream file{each->path() / "stat"};
    std::string line;
    if (!std::getline(file, line)) continue;
    // `number (name) state parent group`: the name may hold anything.
    std::istringstream rest{line.substr(std::min(line.rfind(')') + 1, line.size()))};
    char state = 0;
    pid_t parent = 0;
    pid_t of = 0;
    if (rest >> state >> parent >> of && of == group && state != 'Z' && state != 'X') return true;
  }
  return false;
}

/// A process group while it runs.
class RunningGroup {
public:
  RunningGroup(pid_t leader, std::stop_token stop)
    : leader_(leader),
      // The header of glibc 2.36 that has a function for it cannot be used from C++.
      pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, leader, 0))),
      woken_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      on_stop_(std::move(stop), Wake{woken_.number()}) {}

  /// Whether it can be watched; else `errno` says why.
  [[nodiscard]] bool watched() const { return pidfd_.number() >= 0 && woken_.number() >= 0; }

  /// Waits until the leader has ended; when stopped, tells the group to and waits for all of it.
  /// Answers whether it was told.
  bool wait(Nanos grace) const {
    if (poll_for(true, Nanos{-1})) return false;
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + grace;
    ::kill(-leader_, SIGTERM);
    ::kill(-leader_, SIGCONT);  // One that was halted could not heed it.
    if (poll_for(false, grace)) {
      constexpr auto pause = std::chrono::milliseconds{5};
      while (Clock::now() < end && any_alive(leader_)) std::this_thread::sleep_for(pause);
    }
    ::kill(-leader_, SIGKILL);
    poll_for(false, Nanos{-1});
    return true;
  }

private:
  struct Wake {
    int descriptor;
    void operator()() const {
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto written = ::write(descriptor, &one, sizeof one);
    }
  };

  /// Whether the leader has ended; false when woken by the stop, or when the time is over.
  /// @param time below 0: for ever
  bool poll_for(bool heed_stop, Nanos time) const {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + time;
    while (true) {
      pollfd watched[2]{{pidfd_.number(), POLLIN, 0}, {woken_.number(), POLLIN, 0}};
      int wait = -1;
      if (time >= Nanos{}) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0) return false;
        wait = static_cast<int>(std::min<std::int64_t>(left.count(), 60'000));
      }
      const int ready = ::poll(watched, heed_stop ? 2 : 1, wait);
      if (ready < 0 && errno != EINTR) return false;
      if (watched[0].revents != 0) return true;
      if (heed_stop && watched[1].revents != 0) return false;
    }
  }

  pid_t leader_;
  Descriptor pidfd_;
  Descriptor woken_;
  std::stop_callback<Wake> on_stop_;
};

Nanos nanos_of(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

Result<ChildEnd> reap(pid_t process) {
  int status = 0;
  rusage usage{};
  pid_t reaped = 0;
  while ((reaped = ::wait4(process, &status, 0, &usage)) < 0 && errno == EINTR) {
  }
  if (reaped < 0) {
    Error error = refused("how the command ended was not to be learned", errno);
    error.hint = "this process ignores SIGCHLD, or waits for children that are not its own";
    return error;
  }
  ChildEnd end{.cpu_time = nanos_of(usage.ru_utime) + nanos_of(usage.ru_stime),
               .peak_memory = {static_cast<std::uint64_t>(usage.ru_maxrss) * 1024}};
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  return end;
}

/// Keeps the ended leader as a zombie, so that its number stays the group's until the group is
/// killed.
void kill_rest_of_group(pid_t leader) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(leader), &info, WEXITED | WNOWAIT) < 0 &&
         errno == EINTR) {
  }
  ::kill(-leader, SIGKILL);
}

}  // namespace

Result<ChildEnd> run_child(const ChildProgram& child, std::stop_token stop, Nanos grace) {
  const auto process = SpawnPlan{child}.start(child);
  if (!process) return process.error();
  const RunningGroup group{*process, std::move(stop)};
  if (!group.watched()) {
    const Error error = refused("the command cannot be watched", errno);
    ::kill(-*process, SIGKILL);
    [[maybe_unused]] const auto end = reap(*process);
    return error;
  }
  const bool stopped = group.wait(grace);
  kill_rest_of_group(*process);
  auto end = reap(*process);
  if (!end) return end;
  end->stopped = stopped;
  if (stopped && !child.mark.empty()) kill_marked(child.mark.c_str());
  return end;
}

std::string to_string(const ChildEnd& end) {
  if (end.signal) {
    return fmt::format("was killed by signal {} ({})", *end.signal, ::strsignal(*end.signal));
  }
  return fmt::format("ended with exit code {}", end.exit_code.value_or(-1));
}

}  // namespace weft
