#pragma once

#include <sched.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "weft/runtime/pools/process/control_group.hpp"
#include "weft/runtime/pools/process/spawn.hpp"
#include "weft/workflow/options.hpp"

namespace weft {

/// Whether the kernel's control groups are used.
enum class ControlGroupUse : std::uint8_t { where_possible, never };

/// Whether a worker that crashes leaves its memory in a file.
enum class CoreDumps : std::uint8_t { none, as_inherited };

struct ProcessLimitOptions {
  ControlGroupUse control_groups = ControlGroupUse::where_possible;
  /// A control group (version 2) that the operator has set aside for workers: no process in it, and
  /// writable. Nothing: below the group of this process.
  std::optional<std::filesystem::path> control_group;
  std::optional<std::uint64_t> open_files;  ///< Nothing: as many as this process.
  CoreDumps core_dumps = CoreDumps::none;
};

class ProcessLimits;

/// What holds one worker to its class, from before it starts until all of it has gone. Must not
/// outlive the `ProcessLimits` that it is of.
class WorkerLimits {
public:
  WorkerLimits(const WorkerLimits&) = delete;
  WorkerLimits& operator=(const WorkerLimits&) = delete;
  ~WorkerLimits();

  [[nodiscard]] const std::optional<cpu_set_t>& cpus() const { return cpus_; }
  [[nodiscard]] const std::vector<ResourceLimit>& resources() const { return resources_; }

  /// To be called when the process was started, and before it is given anything to do. Blocks for
  /// some ms.
  [[nodiscard]] Result<void> join(pid_t process) const { return group_.join(process); }

  /// How many of its processes the system has killed since they needed more memory than the class
  /// has; nothing when nobody counts.
  [[nodiscard]] std::optional<std::uint64_t> out_of_memory_kills() const;

  /// Kills what of the worker is left, where a control group knows it. Blocks for some ms.
  void remove() { group_.remove(); }

private:
  friend class ProcessLimits;
  explicit WorkerLimits(ProcessLimits& owner) : owner_(owner) {}

  ProcessLimits& owner_;
  ControlGroup group_;
  std::optional<cpu_set_t> cpus_;
  std::vector<ResourceLimit> resources_;
};

/// What this machine can do to hold worker processes to their classes. In order of preference:
///
/// - control groups, for memory and cpus alike, fractions included, and for all that a worker
/// starts;
/// - for whole cpus: binding workers to cpus, each to those with the fewest workers;
/// - for memory: `RLIMIT_DATA`, which counts what a process may write to. `RLIMIT_AS` would count
///   address space: mapped files, and 64 MiB that the allocator sets aside for each thread, which
///   nobody uses.
///
/// Thread-safe.
class ProcessLimits {
public:
  explicit ProcessLimits(ProcessLimitOptions options);

  /// Reserves what one worker of the class needs. Fails with `io_failed` when the system refuses,
  /// and with `invalid_argument` for a class that is none.
  [[nodiscard]] Result<std::unique_ptr<WorkerLimits>> take(const WorkerClass& worker_class);

  /// One line for each thing that is enforced on workers of the class, or is not, and why.
  [[nodiscard]] std::string limits_statement(const WorkerClass& worker_class) const;

private:
  friend class WorkerLimits;

  [[nodiscard]] std::optional<cpu_set_t> bind(double cpus);
  void unbind(const cpu_set_t& cpus);
  [[nodiscard]] std::vector<ResourceLimit> resources_for(const WorkerClass& worker_class) const;
  [[nodiscard]] bool fills_machine(double cpus) const;
  [[nodiscard]] std::string memory_statement(const WorkerClass& worker_class) const;
  [[nodiscard]] std::string cpu_statement(double cpus) const;

  ProcessLimitOptions options_;
  ControlGroupPlaces places_;
  std::mutex mutex_;
  /// The cpus that this process may use, and how many workers are bound to each.
  struct Cpu {
    int number;
    std::uint32_t workers = 0;
  };
  std::vector<Cpu> cpus_;
};

}  // namespace weft
