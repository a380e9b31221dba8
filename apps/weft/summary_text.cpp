#include "weft/apps/weft/summary_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "weft/apps/weft/text_table.hpp"

namespace weft::cli {

namespace {

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// Writes one summary, section by section.
class SummaryWriter {
public:
  SummaryWriter(const RunSummary& summary, const SummaryLayout& layout)
    : summary_(summary), layout_(layout), style_(layout.style) {}

  std::string text() && {
    head();
    errors();
    time();
    critical_path();
    functions();
    return std::move(out_);
  }

private:
  void head() {
    const RunRecord& record = summary_.record;
    out_ += fmt::format("{}  {}  {}\n", style_.bold(record.id.text()), printable(record.workflow),
                        state_text(record.state, style_));
    TextTable table{{{""}, {""}}};
    table.add({"submitted", format_time(record.submitted)});
    table.add({"makespan", record.makespan ? format_duration(*record.makespan) : "not yet known"});
    table.add({"tasks", tasks_line()});
    table.add({"workers", workers_line()});
    table.add(
      {"data", fmt::format("{} made, {} read from the store", format_bytes(summary_.output_size),
                           format_bytes(summary_.fetched_size))});
    table.add({"planner", record.planner});
    out_ += table.text(style_, 2);
  }

  std::string tasks_line() const {
    const TaskCounts& tasks = summary_.record.tasks;
    std::string line = fmt::format("{} of {} done", tasks.committed, tasks.total);
    if (tasks.failed > 0) line += ", " + style_.red(fmt::format("{} failed", tasks.failed));
    if (tasks.skipped > 0) line += fmt::format(", {} skipped", tasks.skipped);
    if (tasks.retries > 0) {
      line += fmt::format(", {} {}", tasks.retries, tasks.retries == 1 ? "retry" : "retries");
    }
    return line;
  }

  std::string workers_line() const {
    const SlotUse& slots = summary_.slots;
    std::string line = fmt::format("{}", slots.workers);
    if (slots.cold + slots.warm > 0) {
      line += fmt::format(" ({}, {}; {} starting)", plural(slots.cold, "cold start"),
                          plural(slots.warm, "warm start"), format_duration(slots.starting));
    }
    if (slots.busy) line += fmt::format(", {:.0f} % busy", 100 * *slots.busy);
    return line;
  }

  void errors() {
    const auto& errors = summary_.record.errors;
    if (errors.empty()) return;
    out_ += "\n" + style_.bold("errors") + "\n";
    const std::size_t shown = std::min(errors.size(), layout_.errors);
    for (std::size_t i = 0; i < shown; ++i) add_error(errors[i]);
    const auto missing =
      std::max<std::uint64_t>(summary_.record.tasks.failed, errors.size()) - shown;
    if (missing > 0) out_ += fmt::format("  and {} more\n", missing);
  }

  void add_error(const Error& error) {
    out_ += "  - ";
    for (const char c : printable(to_string(error))) {
      out_ += c;
      if (c == '\n') out_ += "    ";
    }
    out_ += "\n";
  }

  /// Splits the makespan along the critical path; the lines add up to it.
  void time() {
    const auto& makespan = summary_.record.makespan;
    const CriticalPath& path = summary_.critical_path;
    if (path.steps.empty() || !makespan || *makespan <= Nanos{}) return;
    const Phases& phases = path.phases;
    out_ += "\n" + style_.bold("where the time went") + " (along the critical path)\n";
    TextTable table{{{""}, {"", Align::right}, {"", Align::right}, {""}}};
    const auto add = [&](std::string name, Nanos part) {
      if (part <= Nanos{}) return;
      table.add({std::move(name), format_duration(part), share_text(part, *makespan),
                 bar(part, *makespan)});
    };
    add("execute", phases.execute);
    add("wait for a worker", phases.queue);
    add("wait for a slot", phases.slot);
    add("wait for inputs", phases.inputs);
    add("publish", phases.publish);
    add("retries", phases.retries);
    add("outside of tasks", *makespan - phases.total());
    out_ += table.text(style_, 2);
  }

  std::string bar(Nanos part, Nanos whole) const {
    constexpr double width = 24;
    const double share = static_cast<double>(part.count()) / static_cast<double>(whole.count());
    const auto cells = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * width + 0.5);
    std::string out;
    for (std::size_t i = 0; i < cells; ++i) out += style_.unicode ? "█" : "#";
    return style_.cyan(out);
  }

  void critical_path() {
    const CriticalPath& path = summary_.critical_path;
    if (path.steps.empty()) return;
    const Nanos whole = summary_.record.makespan.value_or(Nanos{});
    out_ += fmt::format("\n{} {}, {} ({} of the makespan)\n", style_.bold("critical path"),
                        plural(path.steps.size(), "task"), format_duration(path.phases.total()),
                        share_text(path.phases.total(), whole));
    out_ += steps_table(whole).text(style_, 2);
    // A run that was cut short says nothing of how short it could have been.
    if (summary_.record.state != RunState::succeeded) return;
    out_ += fmt::format(
      "  longest chain of execution alone: {} ({}): no number of workers makes "
      "the run shorter\n",
      format_duration(summary_.longest_execution), share_text(summary_.longest_execution, whole));
  }

  TextTable steps_table(Nanos whole) const {
    TextTable table{{{"task"},
                     {"worker", Align::right},
                     {"waited", Align::right},
                     {"execute", Align::right},
                     {"publish", Align::right},
                     {"share", Align::right}}};
    const auto& steps = summary_.critical_path.steps;
    const std::size_t shown = std::min(steps.size(), layout_.critical_steps);
    const std::size_t first = (shown + 1) / 2;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (shown < steps.size() && i == first) {
        table.add({fmt::format("... {} more ...", steps.size() - shown), "", "", "", "", ""});
        i = steps.size() - (shown - first);
      }
      if (i < steps.size()) add_step(table, steps[i], whole);
    }
    return table;
  }

  void add_step(TextTable& table, const CriticalStep& step, Nanos whole) const {
    const Phases& phases = step.phases;
    table.add({cut_middle(printable(step.task), 40, style_),
               fmt::format("{}", step.worker.number()),
               format_duration(phases.total() - phases.execute - phases.publish),
               format_duration(phases.execute), format_duration(phases.publish),
               share_text(phases.total(), whole)});
  }

  void functions() {
    if (summary_.functions.empty()) return;
    out_ += "\n" + style_.bold("functions") + " (sums over their tasks)\n";
    TextTable table{{{"function"},
                     {"tasks", Align::right},
                     {"waited", Align::right},
                     {"execute", Align::right},
                     {"publish", Align::right},
                     {"mean", Align::right},
                     {"longest", Align::right}}};
    const std::size_t shown = std::min(summary_.functions.size(), layout_.functions);
    for (std::size_t i = 0; i < shown; ++i) add_function(table, summary_.functions[i]);
    out_ += table.text(style_, 2);
    if (shown < summary_.functions.size()) {
      out_ += fmt::format("  and {} more with less execution\n", summary_.functions.size() - shown);
    }
  }

  void add_function(TextTable& table, const FunctionUse& use) const {
    const auto tasks = static_cast<Nanos::rep>(use.tasks);
    table.add({cut_middle(printable(use.function), 40, style_), fmt::format("{}", use.tasks),
               format_duration(use.phases.total() - use.phases.execute - use.phases.publish),
               format_duration(use.phases.execute), format_duration(use.phases.publish),
               format_duration(use.phases.execute / tasks),
               format_duration(use.longest_execution)});
  }

  const RunSummary& summary_;
  const SummaryLayout& layout_;
  const TextStyle& style_;
  std::string out_;
};

}  // namespace

std::string summary_text(const RunSummary& summary, const SummaryLayout& layout) {
  return SummaryWriter{summary, layout}.text();
}

std::string state_text(RunState state, const TextStyle& style) {
  const std::string_view text = to_string(state);
  switch (state) {
    case RunState::succeeded:
      return style.green(text);
    case RunState::failed:
      return style.red(text);
    case RunState::cancelled:
      return style.yellow(text);
    case RunState::running:
      return style.cyan(text);
  }
  return std::string(text);
}

std::string share_text(Nanos part, Nanos whole) {
  if (whole <= Nanos{}) return "-";
  const double percent =
    100 * static_cast<double>(part.count()) / static_cast<double>(whole.count());
  return percent > 0 && percent < 0.95 ? fmt::format("{:.1f} %", percent)
                                       : fmt::format("{:.0f} %", percent);
}

}  // namespace weft::cli
