#include "weft/runtime/pools/process/worker_exit.hpp"

#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

namespace weft {

namespace {

/// Lines of output that go into an error: as many as are read.
constexpr std::size_t lines_in_error = 20;

/// Part of its limit from which on a process that ended badly may have run into it. What it asked
/// for last, and did not get, is missing from its peak.
constexpr double suspicious_part = 0.8;

Nanos nanos_of_timeval(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

std::string signal_text(int signal) {
  const char* name = ::sigabbrev_np(signal);
  if (!name) return fmt::format("signal {}", signal);
  if (signal == SIGKILL) return "SIGKILL";  // "Killed" would be said twice.
  return fmt::format("SIG{} ({})", name, ::sigdescr_np(signal));
}

std::string last_lines(const std::string& text) {
  std::size_t begin = text.size();
  if (begin > 0 && text.back() == '\n') --begin;
  for (std::size_t line = 0; line < lines_in_error && begin > 0; ++line) {
    begin = text.rfind('\n', begin - 1);
    if (begin == std::string::npos) return text;
  }
  return begin == 0 ? text : text.substr(begin + 1);
}

}  // namespace

bool WorkerExit::killed_from_outside() const {
  return signal == SIGKILL && out_of_memory == OutOfMemory::no && !broken;
}

WorkerExit worker_exit(pid_t process, int status, const rusage& usage) {
  WorkerExit exit{.process = process,
                  .peak_memory = {static_cast<std::uint64_t>(usage.ru_maxrss) << 10},
                  .user_time = nanos_of_timeval(usage.ru_utime),
                  .system_time = nanos_of_timeval(usage.ru_stime)};
  if (WIFEXITED(status)) exit.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) {
    exit.signal = WTERMSIG(status);
    exit.core_dumped = WCOREDUMP(status);
  }
  return exit;
}

std::string to_string(const WorkerExit& exit) {
  std::string text = exit.exit_code ? fmt::format("ended with exit code {}", *exit.exit_code)
                     : exit.signal  ? "was killed by " + signal_text(*exit.signal)
                                    : "ended, and how is not known";
  if (exit.core_dumped) text += ", with a core file";
  if (exit.out_of_memory == OutOfMemory::certain) text += ", since it was out of memory";
  if (exit.out_of_memory == OutOfMemory::suspected) text += ", perhaps since it was out of memory";
  if (exit.order == ExitOrder::terminate) text += "; it was told to end";
  if (exit.order == ExitOrder::kill && !exit.broken) text += "; it was told to be killed";
  if (exit.broken) text += "; its node killed it: " + exit.broken->message;
  if (exit.notice && !exit.notice->empty()) text += fmt::format("; it said: {}", *exit.notice);
  return text;
}

Error to_error(const WorkerExit& exit, Errc code, const std::string& context) {
  Error error{.code = code, .message = fmt::format("{} {}", context, to_string(exit))};
  if (const std::string lines = last_lines(exit.output_tail); !lines.empty()) {
    error.causes.push_back({.code = code, .message = "the last that it wrote:\n" + lines});
  }
  return error;
}

OutOfMemory judge_memory(const WorkerExit& exit, const MemoryEvidence& evidence) {
  if (exit.exit_code == 0) return OutOfMemory::no;
  const bool killed = exit.signal == SIGKILL && exit.order != ExitOrder::kill;
  if (evidence.group_kills) {
    return *evidence.group_kills > 0 ? OutOfMemory::certain : OutOfMemory::no;
  }
  if (killed && evidence.machine_killed) return OutOfMemory::suspected;
  if (evidence.limit.count == 0 || exit.order == ExitOrder::kill) return OutOfMemory::no;
  const auto limit = static_cast<double>(evidence.limit.count << 20);
  const bool near = static_cast<double>(exit.peak_memory.count) >= suspicious_part * limit;
  return near ? OutOfMemory::suspected : OutOfMemory::no;
}

std::uint64_t out_of_memory_kills_of_machine() {
  std::ifstream lines{"/proc/vmstat"};
  std::string name;
  for (std::uint64_t count = 0; lines >> name >> count;) {
    if (name == "oom_kill") return count;
  }
  return 0;
}

}  // namespace weft
