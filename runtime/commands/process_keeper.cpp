#include "weft/runtime/commands/process_keeper.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace weft {

namespace {

/// More groups than run at once anywhere; those beyond are not kept.
constexpr std::size_t max_groups = 65'536;

/// The keeper's life. It comes out of a fork of a process with threads, so it calls nothing that
/// allocates or locks.
[[noreturn]] void keep(int pipe) {
  static std::array<pid_t, max_groups> groups;
  std::size_t count = 0;
  ::setsid();  // No ^C of the terminal is meant for it.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
  ::prctl(PR_SET_NAME, "weft-keeper");
  ::dup2(pipe, 0);
  ::close_range(1, ~0U, 0);
  while (true) {
    pid_t message = 0;
    const ssize_t size = ::read(0, &message, sizeof message);
    if (size < 0 && errno == EINTR) continue;
    if (size != sizeof message) break;
    if (message > 0) {
      if (count < max_groups) groups[count++] = message;
    } else {
      const auto end = groups.begin() + static_cast<std::ptrdiff_t>(count);
      const auto found = std::find(groups.begin(), end, -message);
      if (found != end) *found = groups[--count];
    }
  }
  for (std::size_t i = 0; i < count; ++i) ::kill(-groups[i], SIGKILL);
  ::_exit(0);
}

}  // namespace

ProcessKeeper& ProcessKeeper::of_this_process() {
  static ProcessKeeper keeper;
  return keeper;
}

ProcessKeeper::ProcessKeeper() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;  // Without a keeper the rest still works.
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[1]);
    keep(ends[0]);
  }
  ::close(ends[0]);
  if (child > 0) {
    pipe_ = ends[1];
  } else {
    ::close(ends[1]);
  }
}

void ProcessKeeper::tell(pid_t message) const {
  if (pipe_ < 0) return;
  // Shorter than a pipe's atomic size: messages of several threads do not mix.
  while (::write(pipe_, &message, sizeof message) < 0 && errno == EINTR) {
  }
}

}  // namespace weft
