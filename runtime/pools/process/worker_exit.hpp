#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "weft/workflow/error.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// Whether a process ended since it, or the machine, was out of memory.
enum class OutOfMemory : std::uint8_t {
  no,
  suspected,  ///< It ended badly, close to its limit or while the machine was short of memory.
  certain,    ///< The system says that it killed it for that.
};

/// What its node had told a worker before it ended.
enum class ExitOrder : std::uint8_t { none, terminate, kill };

/// How a worker process ended. A plain value: made when nothing of the process is left.
struct WorkerExit {
  pid_t process = 0;
  std::optional<int> exit_code;  ///< Neither this nor a signal: somebody else has reaped it.
  std::optional<int> signal;
  bool core_dumped = false;
  OutOfMemory out_of_memory = OutOfMemory::no;
  ExitOrder order = ExitOrder::none;  ///< The strongest.
  std::optional<std::string> notice;  ///< What it said itself before it ended.
  std::optional<Error> broken;        ///< The channel was not used as it should be; it was killed.
  std::string output_tail;            ///< The last of what it wrote, as printable text.
  Bytes peak_memory;  ///< Largest resident size of the worker or one of its children.
  Nanos user_time{};
  Nanos system_time{};

  [[nodiscard]] bool succeeded() const { return exit_code == 0; }
  /// Whether somebody killed it who need not have cared what it did; not for what it took or said.
  [[nodiscard]] bool killed_from_outside() const;
};

/// `was killed by SIGSEGV (Segmentation fault), with a core file`, `ended with exit code 3`
[[nodiscard]] std::string to_string(const WorkerExit& exit);

/// The exit as an error: what happened, and the last lines that the worker wrote.
[[nodiscard]] Error to_error(const WorkerExit& exit, Errc code, const std::string& context);

/// What `wait4` tells, as a report. @param status as `wait4` has it
[[nodiscard]] WorkerExit worker_exit(pid_t process, int status, const rusage& usage);

/// What is known about memory when a process has ended.
struct MemoryEvidence {
  MemoryMiB limit;                           ///< Of its class; 0: none.
  std::optional<std::uint64_t> group_kills;  ///< In its control group, if it had one.
  bool machine_killed = false;               ///< The system killed something meanwhile, anywhere.
};

[[nodiscard]] OutOfMemory judge_memory(const WorkerExit& exit, const MemoryEvidence& evidence);

/// How many processes the system has killed since the machine, or a control group, was out of
/// memory; 0 if it does not tell.
[[nodiscard]] std::uint64_t out_of_memory_kills_of_machine();

}  // namespace weft
