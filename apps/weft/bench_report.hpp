#pragma once

#include <string>
#include <vector>

#include "weft/apps/weft/command_line.hpp"
#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/text_table.hpp"
#include "weft/apps/weft/verb_flags.hpp"

namespace weft::cli {

/// What a benchmark prints: a JSON object a line as soon as there are figures, or a table at the
/// end.
class BenchReport {
public:
  /// @param json whether lines are wanted whatever the format of the console
  BenchReport(Console& console, bool json, std::vector<TextColumn> columns);

  /// Tells people what is under way.
  void measuring(const std::string& what);

  /// @pre as many cells as columns
  void add(const Json& figures, std::vector<std::string> cells);

  /// Another row of the table for figures that were added before.
  void add_row(std::vector<std::string> cells);

  ExitCode end();
  ExitCode fail(const Error& error);

private:
  Console& console_;
  bool lines_;
  TextTable table_;
};

/// A figure with so many digits after the point.
[[nodiscard]] std::string fixed(double figure, int digits);

/// `min - max`
[[nodiscard]] std::string range_of(double min, double max, int digits);

// -- flags of several benchmarks ------------------------------------------------------------------

void add_json_flag(CLI::App& verb, bool& json);
void add_repetitions_flag(CLI::App& verb, std::uint32_t& repetitions);
void add_slots_flag(CLI::App& verb, std::uint32_t& slots);

/// The shape of the workflow, or `all`.
void add_shape_flag(CLI::App& verb, std::string& shape);
[[nodiscard]] std::vector<std::string> shapes_named(const std::string& shape);

/// Adds an option whose value is one or more whole numbers with commas between them.
template <class Count>
void add_counts(CLI::App& verb, const std::string& flags, std::vector<Count>& values,
                CountRange range, const std::string& meaning) {
  constexpr int most_values = 16;
  verb.add_option(flags, values, meaning)
    ->type_name("N,...")
    ->delimiter(',')
    ->expected(1, most_values)
    ->check(
      CLI::Validator([range](const std::string& text) { return refused_count(text, range); }, ""));
}

// -- verbs below `bench` --------------------------------------------------------------------------

void add_bench_overhead(CommandLine& line, CLI::App& bench);
void add_bench_payload(CommandLine& line, CLI::App& bench);
void add_bench_startup(CommandLine& line, CLI::App& bench);
void add_bench_build(CommandLine& line, CLI::App& bench);
void add_bench_durable(CommandLine& line, CLI::App& bench);

}  // namespace weft::cli
