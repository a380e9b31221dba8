#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weft/apps/weft/chaos_dice.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::cli {

/// A task of a chaos workflow. Its value follows from the values of all its inputs, as
/// bench_values.hpp says, and from its number.
struct ChaosTask {
  std::vector<std::uint32_t> inputs;  ///< Tasks before it.
  Nanos sleep{};
  std::uint64_t bytes = 8;  ///< Of its value; whole words.
};

/// A workflow whose result can be foretold. Drawn with a schedule, never stored.
struct ChaosWork {
  std::string shape;
  /// All tasks but those of maps, in an order in which each reads only what stands before it. The
  /// last one is the result.
  std::vector<ChaosTask> tasks;
  /// Of the shape `maps`, the elements of each task but the last: it becomes a list of that many,
  /// each of which goes through two steps that sleep like it, and a task that gathers them.
  std::uint32_t elements = 0;

  /// Calls of functions that a run without faults takes.
  [[nodiscard]] std::uint64_t calls() const;
  /// Time that its tasks sleep, all together.
  [[nodiscard]] Nanos sleep() const;
};

/// Draws one of 10 to 200 tasks.
[[nodiscard]] ChaosWork draw_chaos_work(ChaosDice& dice);

/// The sum of the words of its result.
[[nodiscard]] std::uint64_t expected_sum(const ChaosWork& work);

/// The work as a workflow.
struct ChaosWorkflow {
  Workflow workflow;
  Future<Blob> result;
};
[[nodiscard]] ChaosWorkflow make_chaos_workflow(const ChaosWork& work);

/// The functions that it uses. When the environment has `chaos_journal_variable`, they note their
/// begins and ends in the file that it names.
void add_chaos_functions(Registry& registry);

inline constexpr const char* chaos_journal_variable = "WEFT_CHAOS_JOURNAL";

/// A begin or an end of a call.
struct ChaosCall {
  std::uint64_t task = 0;  ///< The same for each call for the same task or element.
  std::int32_t process = 0;
  TimePoint at{};  ///< Of the machine's monotonic clock.
  bool ended = false;

  friend bool operator==(const ChaosCall&, const ChaosCall&) = default;
};

/// Reads what was noted; lines that are cut are left out.
[[nodiscard]] std::vector<ChaosCall> parse_chaos_journal(std::string_view text);

}  // namespace weft::cli
