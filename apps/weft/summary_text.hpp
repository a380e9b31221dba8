#pragma once

#include <string>

#include "weft/apps/weft/run_summary.hpp"
#include "weft/apps/weft/text_style.hpp"

namespace weft::cli {

/// How much of a summary is shown.
struct SummaryLayout {
  TextStyle style;
  std::size_t critical_steps = 10;  ///< More are cut in the middle.
  std::size_t functions = 8;        ///< The others are counted.
  std::size_t errors = 5;           ///< The others are counted.
};

/// The summary of a run for people, in several lines.
[[nodiscard]] std::string summary_text(const RunSummary& summary, const SummaryLayout& layout);

/// The state in its colour.
[[nodiscard]] std::string state_text(RunState state, const TextStyle& style);

/// `12 %`; below one `0.4 %`. Of nothing: `-`.
[[nodiscard]] std::string share_text(Nanos part, Nanos whole);

}  // namespace weft::cli
