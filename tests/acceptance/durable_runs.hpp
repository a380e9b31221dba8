#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "acceptance/functions.hpp"
#include "storage/redis/redis_server.hpp"
#include "weft/runtime/engine.hpp"

namespace weft::test {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Longer than anything takes on the slowest machine, and shorter than the test's own limit.
constexpr Nanos bound = 60s;

/// A Redis and a folder of its own for each test, and what is left of runs in either.
class DurableRuns : public testing::Test {
protected:
  DurableRuns();
  ~DurableRuns() override;

  /// Skips the test where there is no Redis.
  void SetUp() override;

  /// Of an engine whose tasks run in so many worker processes.
  [[nodiscard]] EngineOptions processes(std::uint32_t slots, std::uint32_t workers = 0) const;
  /// Of one whose tasks run in threads of this process, for what needs no process to end.
  [[nodiscard]] EngineOptions threads(std::uint32_t slots, std::uint32_t workers = 0) const;
  /// Of one that runs no tasks.
  [[nodiscard]] EngineOptions client() const;

  // -- runs ---------------------------------------------------------------------------------------

  /// The result of a run, which comes within the bound.
  template <class T>
  [[nodiscard]] static Result<T> result_in_time(const weft::Run<T>& run) {
    if (run.wait_for(bound)) return run.result();
    return Error{.code = Errc::timed_out, .message = "the run hangs"};
  }

  /// Takes part in a run that an engine has just submitted, as soon as the store has it.
  static std::shared_ptr<RunHandle> attached(Engine& engine, RunId run);

  /// All events of a run that has ended.
  static std::vector<RunEvent> events_of(RunHandle& run);

  /// How often each task of a run was committed, by its name.
  static std::map<std::string, int> commits_of(RunHandle& run);

  /// Expects that each task of a run that has succeeded was committed once.
  static void expect_each_committed_once(RunHandle& run);

  // -- what functions do in the folder ------------------------------------------------------------

  [[nodiscard]] std::string folder() const { return folder_.string(); }
  [[nodiscard]] int calls(const std::string& label) const;
  /// The process of the latest call with that label.
  [[nodiscard]] int process_of(const std::string& label) const;
  [[nodiscard]] bool wait_for_calls(const std::string& label, int count) const;
  void open_gate(const std::string& gate) const;

  /// A task that is met by a mishap in its first calls.
  template <class Input>
  Future<int> risky(Workflow& workflow, Mishap kind, int times, const std::string& label,
                    const Input& input) const {
    const auto task = workflow.task(mishap, folder(), static_cast<int>(kind), times, label, input);
    workflow.name(task, label);
    return task;
  }

  // -- what is left -------------------------------------------------------------------------------

  /// Keys in Redis that belong to runs.
  [[nodiscard]] std::vector<std::string> keys_of_runs() const;
  /// Expects that there is none, or soon will be.
  void expect_no_key_of_runs() const;
  /// Children of this process, but for Redis, and the keeper that each process with children has.
  [[nodiscard]] std::vector<int> child_processes() const;
  /// Expects that neither a process nor a key nor a file is left. @pre no engine lives
  void expect_nothing_left() const;

  /// A number of `INFO`.
  [[nodiscard]] std::uint64_t server_figure(const std::string& section,
                                            const std::string& name) const;
  /// Calls of each command since the last reset, those that functions of the store make included.
  [[nodiscard]] std::map<std::string, std::uint64_t> command_counts() const;

  std::optional<RedisServer> redis;

private:
  [[nodiscard]] EngineOptions in_store(std::uint32_t slots, std::uint32_t workers) const;

  std::filesystem::path folder_;     ///< What functions write, and nobody else.
  std::filesystem::path temporary_;  ///< For temporary files of this process and its workers.
  std::string usual_temporary_;
};

}  // namespace weft::test
