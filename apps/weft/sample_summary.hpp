#pragma once

#include <vector>

namespace weft::cli {

/// What is quoted of a series of measurements.
struct SampleSummary {
  double median = 0;  ///< Of an even number of samples: the mean of the two in the middle.
  double min = 0;
  double max = 0;
  double p99 = 0;  ///< By the nearest rank: of fewer than 100 samples the largest.
  std::size_t count = 0;
};

/// @pre at least one sample, none of them not a number
[[nodiscard]] SampleSummary summarize(std::vector<double> samples);

/// The median of `samples[i] / baseline[i]`: what was measured in turn is compared in pairs, so
/// that a machine whose speed drifts slows both.
/// @pre as many samples as of the baseline, at least one; the baseline above 0
[[nodiscard]] double median_ratio(const std::vector<double>& samples,
                                  const std::vector<double>& baseline);

}  // namespace weft::cli
