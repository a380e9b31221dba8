#pragma once

#include "weft/apps/weft/command_line.hpp"
#include "weft/apps/weft/workflow_file.hpp"

namespace weft::cli {

// Arguments and flags that several verbs take.

/// The workflow, and what it is made with.
void add_workflow(CLI::App& verb, WorkflowSource& source);

/// The file that the result goes to.
void add_output_file(CLI::App& verb, std::string& file);

/// A run in the history.
void add_run_reference(CLI::App& verb, std::string& reference);

/// Refuses an empty text, with which every id begins.
[[nodiscard]] CLI::Validator named_run();

/// The choices of an option whose value is one of them.
void add_choice(CLI::App& verb, const std::string& flags, std::string& value,
                const std::vector<std::string>& choices, const std::string& meaning);

/// From which number to which.
struct CountRange {
  std::uint64_t least = 1;
  std::uint64_t most = 1;
};

/// What is wrong with a text that should be such a number; empty: nothing.
[[nodiscard]] std::string refused_count(std::string_view text, CountRange range);

/// Adds an option whose value is a whole number.
template <class Count>
void add_count(CLI::App& verb, const std::string& flags, Count& value, CountRange range,
               const std::string& meaning) {
  verb.add_option(flags, value, meaning)
    ->type_name("N")
    ->check(
      CLI::Validator([range](const std::string& text) { return refused_count(text, range); }, ""))
    ->take_last();
}

/// How a trace is replayed.
void add_replay_flags(CommandLine& line, CLI::App& verb);

/// What tasks are planned for.
void add_pool_flags(CommandLine& line, CLI::App& verb);

/// Where commands work.
void add_work_flag(CommandLine& line, CLI::App& verb);

/// The store that runs lie in.
void add_store_flag(CommandLine& line, CLI::App& verb);

/// Where past runs are found.
void add_history_flag(CommandLine& line, CLI::App& verb);

}  // namespace weft::cli
