#include "weft/apps/weft/bench_report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_graph.hpp"

namespace weft::cli {

BenchReport::BenchReport(Console& console, bool json, std::vector<TextColumn> columns)
  : console_(console),
    lines_(json || console.format() != OutputFormat::table),
    table_(std::move(columns)) {}

void BenchReport::measuring(const std::string& what) {
  if (!lines_) console_.note(fmt::format("measuring {} ...\n", what));
}

void BenchReport::add(const Json& figures, std::vector<std::string> cells) {
  if (lines_) {
    console_.print(text_of_record(figures, OutputFormat::jsonl));
  } else {
    table_.add(std::move(cells));
  }
}

void BenchReport::add_row(std::vector<std::string> cells) {
  if (!lines_) table_.add(std::move(cells));
}

ExitCode BenchReport::end() {
  if (!lines_) console_.print(table_.text(console_.out_style()));
  return ExitCode::success;
}

ExitCode BenchReport::fail(const Error& error) {
  const ExitCode code = exit_code_of(error);
  console_.fail(error, code);
  return code;
}

std::string fixed(double figure, int digits) {
  return fmt::format("{:.{}f}", figure, digits);
}

std::string range_of(double min, double max, int digits) {
  return fmt::format("{:.{}f} - {:.{}f}", min, digits, max, digits);
}

void add_json_flag(CLI::App& verb, bool& json) {
  verb.add_flag("--json", json, "Print one JSON object a line.");
}

void add_repetitions_flag(CLI::App& verb, std::uint32_t& repetitions) {
  add_count(verb, "--repetitions", repetitions, {.most = 1000},
            "Runs that count, after one to warm up; 5 when not given.");
}

void add_slots_flag(CLI::App& verb, std::uint32_t& slots) {
  add_count(verb, "--slots", slots, {.least = 0, .most = 1024},
            "Slots; 0, as when not given: one for each hardware thread.");
}

void add_shape_flag(CLI::App& verb, std::string& shape) {
  std::vector<std::string> shapes = bench_shape_names();
  shapes.emplace_back("all");
  add_choice(verb, "--shape", shape, shapes, "The shape; all when not given.");
}

std::vector<std::string> shapes_named(const std::string& shape) {
  return shape == "all" ? bench_shape_names() : std::vector{shape};
}

}  // namespace weft::cli
