#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "weft/workflow/error.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// A program to be run, and what it is given.
struct ChildProgram {
  std::filesystem::path program;         ///< Absolute.
  std::vector<std::string> arguments;    ///< The first is the program's name.
  std::vector<std::string> environment;  ///< `NAME=value`, all of it.
  std::filesystem::path folder;          ///< Where it runs.
  std::filesystem::path standard_input;  ///< Empty: nothing to read.
  std::filesystem::path standard_output;
  std::filesystem::path standard_error;
  std::string mark;  ///< `NAME=value` out of `environment` that no other process has.
};

/// How a program ended.
struct ChildEnd {
  std::optional<int> exit_code;
  std::optional<int> signal;
  bool stopped = false;  ///< It was told to.
  Nanos cpu_time{};
  Bytes peak_memory;
};

/// Runs a program in a session and process group of its own, without a terminal, and waits for its
/// end. When `stop` is requested the group gets TERM, and what of it still runs after `grace` KILL.
/// What is left of the group when the program has ended is killed; if it was stopped, whatever else
/// carries its mark, too. A process that has left the group of a program that ended by itself lives
/// until this process ends, however that ends.
///
/// Blocks; any number of threads may call it at once. Fails with `io_failed` when the program
/// cannot be started or watched, or its end not be learned.
[[nodiscard]] Result<ChildEnd> run_child(const ChildProgram& child, std::stop_token stop,
                                         Nanos grace);

/// `was killed by signal 9 (Killed)`, `ended with exit code 3`
[[nodiscard]] std::string to_string(const ChildEnd& end);

}  // namespace weft
