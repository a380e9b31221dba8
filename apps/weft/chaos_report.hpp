#pragma once

#include <map>
#include <string>
#include <vector>

#include "weft/apps/weft/chaos_trial.hpp"
#include "weft/apps/weft/text_style.hpp"

namespace weft::cli {

/// What a number of schedules has come to.
class ChaosTotals {
public:
  void add(const ChaosSchedule& schedule, const ChaosOutcome& outcome);

  [[nodiscard]] std::uint64_t violated() const { return violated_; }

  /// Tables for people.
  [[nodiscard]] std::string text(const TextStyle& style) const;
  [[nodiscard]] Json json() const;

private:
  std::uint64_t schedules_ = 0;
  std::uint64_t violated_ = 0;
  std::uint64_t tasks_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t takeovers_ = 0;
  std::map<std::string, std::uint64_t> endings_;
  std::map<std::string, std::uint64_t> faults_;
  std::map<std::string, std::vector<double>> recoveries_;
  Nanos took_{};
};

/// `seed 7: succeeded in 1.4s; ...`, with a line break.
[[nodiscard]] std::string progress_line(const ChaosSchedule& schedule, const ChaosOutcome& outcome);

/// All that is needed to look into what was violated, in lines.
[[nodiscard]] std::string violation_text(const ChaosSchedule& schedule,
                                         const ChaosOutcome& outcome);

[[nodiscard]] Json json_of(const ChaosSchedule& schedule, const ChaosOutcome& outcome);

}  // namespace weft::cli
