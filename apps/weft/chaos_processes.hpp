#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/error.hpp"
#include "weft/workflow/units.hpp"

namespace weft::cli {

/// A process that carries a mark in its environment.
struct MarkedProcess {
  pid_t process = 0;
  pid_t parent = 0;
  std::vector<std::string> arguments;

  friend bool operator==(const MarkedProcess&, const MarkedProcess&) = default;
};

/// The processes of this user that have `NAME=value` in their environment, by number.
[[nodiscard]] std::vector<MarkedProcess> marked_processes(std::string_view mark);

/// The worker processes among them that are children of `node`, the oldest first.
[[nodiscard]] std::vector<MarkedProcess> workers_of(pid_t node,
                                                    const std::vector<MarkedProcess>& all);

/// A folder of temporary files that goes at the end, unless it is to be kept.
class TemporaryFolder {
public:
  /// Throws `Exception` when none can be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void keep() { keep_ = true; }

private:
  std::filesystem::path path_;
  bool keep_ = false;
};

/// What a child is started with.
struct ChildRequest {
  std::vector<std::string> arguments;  ///< The first is the path of the program.
  std::vector<std::string> variables;  ///< `NAME=value`, on top of this process's own.
  std::filesystem::path folder;        ///< Where it runs.
  std::filesystem::path log;           ///< Its standard error is appended to it.
  bool speaks = false;                 ///< Lines go to its standard input and come from its output.
};

/// A child process that is spoken with in lines. The system kills it when the thread that has
/// started it ends. Not thread-safe.
class ChildProcess {
public:
  /// Throws `Exception` when it cannot be started.
  explicit ChildProcess(const ChildRequest& request);
  /// Kills it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t process() const { return process_; }
  [[nodiscard]] bool running();
  /// As `waitpid` tells it. @pre not running
  [[nodiscard]] int status() const { return status_; }

  void signal(int number);
  void kill();  ///< And waits for its end.

  /// Never blocks; what a child that has gone is told is lost.
  void tell(const std::string& line);
  void end_input();
  /// The lines that have come since the last call.
  [[nodiscard]] std::vector<std::string> lines();

  /// Whether it has ended within that time.
  [[nodiscard]] bool wait_for(Nanos time);

private:
  pid_t process_ = 0;
  bool ended_ = false;
  int status_ = 0;
  int input_ = -1;
  int output_ = -1;
  std::string partial_;
};

/// The path of the program that this process runs.
[[nodiscard]] std::string own_program();

}  // namespace weft::cli
