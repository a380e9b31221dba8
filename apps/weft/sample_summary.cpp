#include "weft/apps/weft/sample_summary.hpp"

#include <algorithm>
#include <cmath>

#include "weft/workflow/check.hpp"

namespace weft::cli {

SampleSummary summarize(std::vector<double> samples) {
  check(!samples.empty(), "a summary is of at least one sample");
  std::ranges::sort(samples);
  const std::size_t count = samples.size();
  const std::size_t middle = count / 2;
  const auto rank = static_cast<std::size_t>(std::ceil(0.99 * static_cast<double>(count)));
  return {.median = count % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2,
          .min = samples.front(),
          .max = samples.back(),
          .p99 = samples[rank - 1],
          .count = count};
}

double median_ratio(const std::vector<double>& samples, const std::vector<double>& baseline) {
  check(samples.size() == baseline.size(), "samples are compared in pairs");
  std::vector<double> ratios;
  ratios.reserve(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) ratios.push_back(samples[i] / baseline[i]);
  return summarize(std::move(ratios)).median;
}

}  // namespace weft::cli
