#include "weft/apps/weft/progress_meter.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace weft::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Shorter stretches hold too few commits to tell a rate.
constexpr Nanos min_stretch = milliseconds{200};
/// Commits of this long ago count about a third of those of now.
constexpr double memory_seconds = 5;
/// The fewest commits from which an end can be guessed.
constexpr std::uint64_t min_commits = 3;

double in_seconds(Nanos time) {
  return static_cast<double>(time.count()) * 1e-9;
}

std::string rate_text(double rate) {
  return rate < 9.95 ? fmt::format("{:.1f}/s", rate) : fmt::format("{:.0f}/s", rate);
}

/// Whole seconds and minutes: an estimate has no more figures than that.
std::string rough_duration(seconds time) {
  const auto total = time.count();
  if (total < 60) return fmt::format("{}s", total);
  if (total < 3600) return fmt::format("{}m{:02}s", total / 60, total % 60);
  return fmt::format("{}h{:02}m", total / 3600, total / 60 % 60);
}

std::string troubles(const TaskCounts& counts, const TextStyle& style) {
  std::string text;
  if (counts.failed > 0) text += "  " + style.red(fmt::format("{} failed", counts.failed));
  if (counts.skipped > 0) text += fmt::format("  {} skipped", counts.skipped);
  if (counts.retries > 0) {
    text += "  " + style.yellow(fmt::format("{} {}", counts.retries,
                                            counts.retries == 1 ? "retry" : "retries"));
  }
  return text;
}

std::string bar(std::uint64_t done, std::uint64_t total, std::size_t width,
                const TextStyle& style) {
  const double share = total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total);
  const auto full =
    std::min(static_cast<std::size_t>(std::floor(share * static_cast<double>(width))), width);
  std::string filled;
  std::string empty;
  for (std::size_t i = 0; i < width; ++i) {
    (i < full ? filled : empty) += style.unicode ? (i < full ? "━" : "─") : (i < full ? "=" : "-");
  }
  const bool marked = style.color;
  return marked ? style.green(filled) + style.dim(empty) : "[" + filled + empty + "]";
}

}  // namespace

ProgressMeter::ProgressMeter(Nanos joined, const TaskCounts& counts)
  : counts_(counts),
    elapsed_(joined),
    joined_(joined),
    joined_counts_(counts),
    measured_(joined),
    measured_done_(counts.committed) {}

void ProgressMeter::update(Nanos elapsed, const TaskCounts& counts) {
  elapsed_ = std::max(elapsed, elapsed_);
  counts_ = counts;
  const Nanos stretch = elapsed_ - measured_;
  if (stretch < min_stretch) return;
  const double now =
    static_cast<double>(counts.committed - std::min(counts.committed, measured_done_)) /
    in_seconds(stretch);
  // The first stretch stands alone; later ones weigh by their length.
  const double weight =
    measured_ == joined_ ? 1 : 1 - std::exp(-in_seconds(stretch) / memory_seconds);
  rate_ += weight * (now - rate_);
  measured_ = elapsed_;
  measured_done_ = counts.committed;
}

std::optional<Nanos> ProgressMeter::remaining() const {
  const std::uint64_t joined_done = std::min(done(), ended_of(joined_counts_));
  const Nanos followed = elapsed_ - joined_;
  if (counts_.committed < joined_counts_.committed + min_commits || followed <= Nanos{} ||
      done() >= counts_.total) {
    return std::nullopt;
  }
  // All the time that it was followed: of late, one slow task would make the estimate jump.
  const double mean = static_cast<double>(done() - joined_done) / in_seconds(followed);
  const double rest = static_cast<double>(counts_.total - done()) / mean;
  constexpr double longest = 1e9;  // Some thirty years: no estimate any more.
  if (rest > longest) return std::nullopt;
  return std::chrono::duration_cast<Nanos>(std::chrono::duration<double>{rest});
}

std::string progress_bar(const ProgressMeter& meter, std::string_view workflow, std::size_t columns,
                         const TextStyle& style) {
  const TaskCounts& counts = meter.counts();
  const std::string count = fmt::format("{}/{}", meter.done(), counts.total);
  const auto percent = counts.total == 0 ? 0 : 100 * meter.done() / counts.total;
  std::vector<std::string> parts{fmt::format("{}  {:3} %", count, percent)};
  parts.push_back(troubles(counts, style));
  if (const auto rest = meter.remaining())
    parts.push_back("  ETA " + rough_duration(std::chrono::ceil<seconds>(*rest)));
  parts.push_back("  " + rate_text(meter.rate()));
  parts.push_back("  " + rough_duration(std::chrono::floor<seconds>(meter.elapsed())));
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty() && columns_of(text) + columns_of(part) > columns) break;
    text += part;
  }
  constexpr std::size_t min_bar = 8;
  constexpr std::size_t max_bar = 40;
  constexpr std::size_t frame = 4;  // Brackets, and two spaces behind them.
  std::size_t left = columns - std::min(columns, columns_of(text));
  if (left < min_bar + frame) return cut_to(text, columns, {.unicode = style.unicode});
  const std::size_t width = std::min(max_bar, left - frame);
  text = bar(meter.done(), counts.total, width, style) + "  " + text;
  left = columns - std::min(columns, columns_of(text));
  const std::string name = printable(workflow) + "  ";
  return columns_of(name) <= left ? style.bold(name) + text : text;
}

std::string progress_line(const ProgressMeter& meter, std::string_view workflow) {
  const TaskCounts& counts = meter.counts();
  std::string text =
    fmt::format("{}: {} of {} tasks{}, {}, after {}", printable(workflow), meter.done(),
                counts.total, troubles(counts, {}), rate_text(meter.rate()),
                rough_duration(std::chrono::floor<seconds>(meter.elapsed())));
  if (const auto rest = meter.remaining())
    text += ", about " + rough_duration(std::chrono::ceil<seconds>(*rest)) + " left";
  return text;
}

Nanos progress_interval(Nanos elapsed) {
  if (elapsed < seconds{10}) return seconds{1};
  if (elapsed < seconds{60}) return seconds{5};
  return seconds{30};
}

}  // namespace weft::cli
