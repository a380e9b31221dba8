#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "weft/workflow/error.hpp"
#include "weft/workflow/options.hpp"

namespace weft {

/// Where the groups of workers can be made: folders of the kernel's control groups, below that of
/// this process. Each controller is there or not by itself.
struct ControlGroupPlaces {
  int version = 2;  ///< 1 or 2: how the files in them are named.
  std::optional<std::filesystem::path> memory;
  std::optional<std::filesystem::path> cpu;

  friend bool operator==(const ControlGroupPlaces&, const ControlGroupPlaces&) = default;
};

/// The folder of this process's group, as far as the two texts tell.
/// @param mounts the text of `/proc/self/mountinfo`
/// @param groups the text of `/proc/self/cgroup`
/// @param controller `memory` or `cpu` for version 1; empty for version 2
[[nodiscard]] std::optional<std::filesystem::path> control_group_folder(
  std::string_view mounts, std::string_view groups, std::string_view controller);

/// Looks for places by making a group in them and removing it. Never moves this process: a group
/// of version 2 that has processes in it cannot give its children controllers that they lack.
/// @param delegated a folder of version 2 that the operator has set aside, to be used instead
[[nodiscard]] ControlGroupPlaces find_control_groups(
  const std::optional<std::filesystem::path>& delegated);

/// The control groups of one worker: what it and all that it starts may use together. Removed at
/// the end, with all that is left in them.
class ControlGroup {
public:
  ControlGroup() = default;  ///< None.

  /// Makes the groups that the class needs and the places allow. Fails with `io_failed`.
  /// @param name of folders; not there yet
  [[nodiscard]] static Result<ControlGroup> create(const ControlGroupPlaces& places,
                                                   const std::string& name,
                                                   const WorkerClass& worker_class);
  ControlGroup(ControlGroup&& other) noexcept;
  ControlGroup& operator=(ControlGroup&& other) noexcept;
  ~ControlGroup();

  [[nodiscard]] bool limits_memory() const { return memory_.has_value(); }
  [[nodiscard]] bool limits_cpu() const { return cpu_.has_value(); }

  /// Puts a process in. What it starts from then on is in, too. Takes 5 to 20 ms.
  [[nodiscard]] Result<void> join(pid_t process) const;

  /// How many processes the system has killed since the group was out of memory.
  [[nodiscard]] std::uint64_t out_of_memory_kills() const;

  /// Kills all that is in, and removes the groups.
  void remove();

private:
  [[nodiscard]] Result<void> set_limits(const WorkerClass& worker_class) const;

  int version_ = 2;
  std::optional<std::filesystem::path> memory_;
  std::optional<std::filesystem::path> cpu_;
};

/// Removes groups that nodes have left behind when they were killed.
void remove_abandoned_groups(const ControlGroupPlaces& places);

/// A name for a group that no other has; says which process made it.
[[nodiscard]] std::string new_control_group_name();

}  // namespace weft
