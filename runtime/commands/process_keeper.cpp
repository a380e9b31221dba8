#include "weft/runtime/commands/process_keeper.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>

#include <fmt/format.h>

namespace weft {

namespace {

/// Looks for one variable in an environment that comes in blocks.
class VariableSearch {
public:
  explicit VariableSearch(std::string_view variable) : variable_(variable) {}

  /// Whether the variable has ended, whole, in this block.
  bool take(std::string_view block) {
    for (const char c : block) {
      if (c == '\0') {
        if (matching_ && length_ == variable_.size()) return true;
        matching_ = true;
        length_ = 0;
      } else {
        matching_ = matching_ && length_ < variable_.size() && variable_[length_] == c;
        ++length_;
      }
    }
    return false;
  }

private:
  std::string_view variable_;
  std::size_t length_ = 0;
  bool matching_ = true;
};

bool carries(int proc, const char* process, std::string_view mark) {
  std::array<char, 64> path{};
  const std::size_t length = std::strlen(process);
  constexpr std::string_view file = "/environ";
  if (length + file.size() >= path.size()) return false;
  std::memcpy(path.data(), process, length);
  std::memcpy(path.data() + length, file.data(), file.size());
  const int environment = ::openat(proc, path.data(), O_RDONLY | O_CLOEXEC);
  if (environment < 0) return false;  // Gone, or somebody else's.
  VariableSearch search{mark};
  std::array<char, 16'384> block;
  bool found = false;
  while (!found) {
    const ssize_t size = ::read(environment, block.data(), block.size());
    if (size <= 0) break;
    found = search.take({block.data(), static_cast<std::size_t>(size)});
  }
  ::close(environment);
  return found;
}

/// Kills once; answers how many.
int kill_round(std::string_view mark) {
  // As the kernel lays an entry out, since `readdir` allocates.
  struct Entry {
    std::uint64_t inode;
    std::int64_t offset;
    std::uint16_t size;
    std::uint8_t type;
    char name[1];
  };
  const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return 0;
  int killed = 0;
  alignas(Entry) std::array<char, 16'384> block;
  while (true) {
    const long size = ::syscall(SYS_getdents64, proc, block.data(), block.size());
    if (size <= 0) break;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const Entry*>(block.data() + at);
      const char* name = block.data() + at + offsetof(Entry, name);
      at += entry->size;
      pid_t process = 0;
      const char* end = name + std::strlen(name);
      if (std::from_chars(name, end, process).ptr != end || process <= 1) continue;
      if (!carries(proc, name, mark)) continue;
      if (::kill(process, SIGKILL) == 0) ++killed;
    }
  }
  ::close(proc);
  return killed;
}

/// The keeper's life. It comes out of a fork of a process with threads, so it calls nothing that
/// allocates or locks.
[[noreturn]] void keep(int pipe, const char* mark) {
  ::setsid();  // No ^C of the terminal is meant for it.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
  ::prctl(PR_SET_NAME, "weft-keeper");
  // Marks of others, if this process was itself started by weft: what it keeps depends on it.
  for (char** each = environ; *each != nullptr; ++each) std::memset(*each, 0, std::strlen(*each));
  ::dup2(pipe, 0);
  ::close_range(1, ~0U, 0);
  char nothing = 0;
  while (::read(0, &nothing, 1) < 0 && errno == EINTR) {
  }
  kill_marked(mark);
  ::_exit(0);
}

std::string new_mark() {
  std::random_device source;
  return fmt::format("WEFT_KEEPER_{:08x}{:08x}=1", source(), source());
}

}  // namespace

void kill_marked(const char* mark) {
  // A process that is just being made shows its environment only when it runs its program; a
  // program that makes ever more of itself outruns this.
  constexpr int max_rounds = 50;
  constexpr int quiet_rounds = 2;
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = 5'000'000};
  int quiet = 0;
  for (int round = 0; round < max_rounds && quiet < quiet_rounds; ++round) {
    quiet = kill_round(mark) == 0 ? quiet + 1 : 0;
    if (quiet < quiet_rounds) ::nanosleep(&pause, nullptr);
  }
}

const ProcessKeeper& ProcessKeeper::of_this_process() {
  static const ProcessKeeper keeper;
  return keeper;
}

ProcessKeeper::ProcessKeeper() : mark_(new_mark()) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;  // Without a keeper the rest still works.
  if (::fork() == 0) {
    ::close(ends[1]);
    keep(ends[0], mark_.c_str());
  }
  // The other end is closed by the end of this process, and by nothing else.
  ::close(ends[0]);
}

}  // namespace weft
