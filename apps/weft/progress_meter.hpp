#pragma once

#include <optional>
#include <string>

#include "weft/apps/weft/text_style.hpp"
#include "weft/workflow/metrics.hpp"

namespace weft::cli {

/// Follows how a run's counts grow, and estimates when it will be done. Pure: it is told the time.
class ProgressMeter {
public:
  /// Of a run that is followed from its submission on.
  ProgressMeter() = default;

  /// Of one that is followed from later on: what was done before does not count as speed.
  ProgressMeter(Nanos joined, const TaskCounts& counts);

  /// @param elapsed since the run's submission; never less than before
  void update(Nanos elapsed, const TaskCounts& counts);

  [[nodiscard]] const TaskCounts& counts() const { return counts_; }
  [[nodiscard]] Nanos elapsed() const { return elapsed_; }

  /// Tasks that ended, whichever way.
  [[nodiscard]] std::uint64_t done() const { return ended_of(counts_); }

  /// Commits a second, of late. 0 before the first.
  [[nodiscard]] double rate() const { return rate_; }

  /// Time until the tasks known so far are done, if they go on like those before. Nothing before
  /// there is something to go by.
  [[nodiscard]] std::optional<Nanos> remaining() const;

private:
  static std::uint64_t ended_of(const TaskCounts& counts) {
    return counts.committed + counts.failed + counts.skipped;
  }

  TaskCounts counts_;
  Nanos elapsed_{};
  Nanos joined_{};
  TaskCounts joined_counts_;
  Nanos measured_{};  ///< When the rate was last brought up to date.
  std::uint64_t measured_done_ = 0;
  double rate_ = 0;
};

/// One line that a terminal shows again and again, at most `columns` wide: what matters least is
/// left out first.
[[nodiscard]] std::string progress_bar(const ProgressMeter& meter, std::string_view workflow,
                                       std::size_t columns, const TextStyle& style);

/// One line of a log, without its end.
[[nodiscard]] std::string progress_line(const ProgressMeter& meter, std::string_view workflow);

/// How long to wait before the next line of a log: seldom in a long run.
[[nodiscard]] Nanos progress_interval(Nanos elapsed);

}  // namespace weft::cli
