#include "weft/runtime/pools/process/spawn.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "weft/workflow/check.hpp"

/// The C library's `clone` by its other name: the thread sanitizer replaces the first with one that
/// takes the child for a copy, and afterwards overlooks what the parent's thread does.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);

namespace weft {

namespace {

/// What the child needs between its beginning and its program. Made before, since it may not
/// allocate; and where it writes what went wrong, since it shares its parent's memory.
struct ChildPlan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  int input;
  int output;
  int channel;
  pid_t parent;
  const cpu_set_t* cpus;
  const ResourceLimit* limits;
  std::size_t limit_count;

  const char* failed_step = nullptr;
  int failure = 0;
};

// The child borrows its parent's memory, while the thread that started it stands still and others
// run. So it calls nothing but the system, and by `syscall` alone: neither the C library's locks
// nor what a sanitizer puts before its functions may be touched. (This file is compiled without
// sanitizers.)

/// Whether the call succeeded; else it is written down.
bool stepped(ChildPlan& plan, const char* step, long result) {
  if (result >= 0) return true;
  plan.failed_step = step;
  plan.failure = errno;
  return false;
}

/// A handler of the parent's must not run in the child: it would be with the parent's memory. What
/// the parent ignores, a new program should not.
void reset_signals() {
  // As the kernel lays it out: handler, flags, restorer, mask.
  struct Action {
    void* handler = nullptr;
    unsigned long flags = 0;
    void* restorer = nullptr;
    std::uint64_t mask = 0;
  };
  const Action standard;
  for (int number = 1; number <= 64; ++number) {
    ::syscall(SYS_rt_sigaction, number, &standard, nullptr, sizeof standard.mask);
  }
}

void unblock_signals() {
  const std::uint64_t none = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

bool place_descriptor(ChildPlan& plan, int from, int to) {
  return stepped(plan, "set up its descriptors", ::syscall(SYS_dup3, from, to, 0));
}

void close_others() {
  constexpr int first = worker_channel_number + 1;
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  // Old containers refuse a call that they do not know. Beyond these numbers there is seldom
  // anything, and closing a million descriptors one by one would take too long.
  constexpr int checked = 65'536;
  for (int number = first; number < checked; ++number) ::syscall(SYS_close, number);
}

bool set_limits(ChildPlan& plan) {
  for (std::size_t i = 0; i < plan.limit_count; ++i) {
    const rlimit64 limit{.rlim_cur = plan.limits[i].value, .rlim_max = plan.limits[i].value};
    const long result = ::syscall(SYS_prlimit64, 0, plan.limits[i].resource, &limit, nullptr);
    if (!stepped(plan, "limit what it may use", result)) return false;
  }
  if (!plan.cpus) return true;
  return stepped(plan, "bind it to its cpus",
                 ::syscall(SYS_sched_setaffinity, 0, sizeof *plan.cpus, plan.cpus));
}

bool become_worker(ChildPlan& plan) {
  reset_signals();
  if (!stepped(plan, "tie it to this process",
               ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))) {
    return false;
  }
  // The parent may have died before it was tied to it.
  if (::syscall(SYS_getppid) != plan.parent) return false;
  const bool placed = stepped(plan, "give it a session", ::syscall(SYS_setsid)) &&
                      place_descriptor(plan, plan.input, STDIN_FILENO) &&
                      place_descriptor(plan, plan.output, STDOUT_FILENO) &&
                      place_descriptor(plan, plan.output, STDERR_FILENO) &&
                      place_descriptor(plan, plan.channel, worker_channel_number);
  if (!placed) return false;
  close_others();
  return set_limits(plan);
}

int child_main(void* argument) {
  auto& plan = *static_cast<ChildPlan*>(argument);
  if (become_worker(plan)) {
    unblock_signals();
    stepped(plan, "run its program",
            ::syscall(SYS_execve, plan.program, plan.arguments, plan.environment));
  }
  constexpr int not_started = 127;  // As a shell has it. Nobody looks at it.
  ::syscall(SYS_exit_group, not_started);
  return not_started;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

std::string hint_for(int failure) {
  switch (failure) {
    case E2BIG:
      return "its environment is too large";
    case ENOEXEC:
      return "a script begins with #! and its interpreter";
    case EAGAIN:
      return "there are too many processes; see ulimit -u, or the pids limit of the container";
    case EMFILE:
    case ENFILE:
      return "too many files are open; see ulimit -n";
    default:
      return {};
  }
}

Error not_spawned(const std::string& program, const char* step, int failure) {
  return {.code = Errc::io_failed,
          .message = fmt::format("{} cannot be started: the system did not {}: {}",
                                 in_quotes(program), step, std::strerror(failure)),
          .hint = hint_for(failure)};
}

/// All signals wait while it lives: one that arrived for the child before it has reset its handlers
/// would run one of the parent's.
class HeldSignals {
public:
  HeldSignals() {
    const std::uint64_t all = ~std::uint64_t{};
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, sizeof all);
  }
  ~HeldSignals() { ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

private:
  std::uint64_t before_ = 0;
};

/// The process and its pidfd; below 0 when it was refused.
pid_t clone_child(ChildPlan& plan, int& pidfd) {
  constexpr std::size_t stack_size = 64u << 10;  // The child's functions are shallow.
  const auto stack = std::make_unique<std::byte[]>(stack_size);
  auto top = reinterpret_cast<std::uintptr_t>(stack.get() + stack_size);
  top &= ~std::uintptr_t{15};
  const HeldSignals held;
  // Shares the memory, as posix_spawn does, so that none of it is copied; and stops this thread
  // until the program runs, so that the stack and the plan are the child's for so long.
  return ::__clone(child_main, reinterpret_cast<void*>(top),
                   CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, &pidfd);
}

}  // namespace

Result<SpawnedProcess> spawn_process(const SpawnRequest& request) {
  check(request.output > worker_channel_number && request.channel > worker_channel_number,
        "what a process is given lies above its streams");
  const auto input = above_streams(OwnedDescriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)});
  if (!input) return not_spawned(request.program, "open /dev/null", errno);
  const auto arguments = pointers_to(request.arguments);
  const auto environment = pointers_to(request.environment);
  ChildPlan plan{.program = request.program.c_str(),
                 .arguments = arguments.data(),
                 .environment = environment.data(),
                 .input = input.number(),
                 .output = request.output,
                 .channel = request.channel,
                 .parent = ::getpid(),
                 .cpus = request.cpus ? &*request.cpus : nullptr,
                 .limits = request.limits.data(),
                 .limit_count = request.limits.size()};
  int pidfd = -1;
  const pid_t process = clone_child(plan, pidfd);
  if (process < 0) return not_spawned(request.program, "make a process", errno);
  SpawnedProcess spawned{.process = process, .pidfd = OwnedDescriptor{pidfd}};
  if (!plan.failed_step) return spawned;
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED) < 0 && errno == EINTR) {
  }
  return not_spawned(request.program, plan.failed_step, plan.failure);
}

OwnedDescriptor above_streams(OwnedDescriptor descriptor) {
  if (!descriptor || descriptor.number() > worker_channel_number) return descriptor;
  return OwnedDescriptor{::fcntl(descriptor.number(), F_DUPFD_CLOEXEC, worker_channel_number + 1)};
}

}  // namespace weft
