#include "statistics.hpp"

#include <cmath>
#include <sstream>
#include <stdexcept>

#include "weft/workflow/module_entry.hpp"

namespace statistics {

Summary summarize(const std::vector<double>& numbers) {
  if (numbers.empty()) throw std::invalid_argument{"an empty list has no mean"};
  const auto count = static_cast<double>(numbers.size());
  double mean = 0;
  for (const double x : numbers) mean += x / count;
  double variance = 0;
  for (const double x : numbers) variance += (x - mean) * (x - mean) / count;
  return {.count = numbers.size(), .mean = mean, .deviation = std::sqrt(variance)};
}

std::vector<double> standardize(const std::vector<double>& numbers, const Summary& summary) {
  if (summary.deviation == 0) throw std::invalid_argument{"numbers that are all alike"};
  std::vector<double> scores;
  for (const double x : numbers) scores.push_back((x - summary.mean) / summary.deviation);
  return scores;
}

std::string describe(const Summary& summary) {
  std::ostringstream text;
  text << summary.count << " numbers, mean " << summary.mean << ", deviation "
       << summary.deviation;
  return text.str();
}

}  // namespace statistics

namespace {

weft::Result<void> add_functions(weft::Registry& registry) {
  registry.add(weft::Function{"statistics.summarize@1", statistics::summarize})
    .add(weft::Function{"statistics.standardize@1", statistics::standardize})
    .add(weft::Function{"statistics.describe@1", statistics::describe});
  return {};
}

}  // namespace

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.name = "statistics@1", .add_functions = add_functions};
  return &entry;
}
