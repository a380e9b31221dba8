#include "weft/apps/weft/run_watch.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"

namespace weft::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Between two looks at the run: a bar that moves smoothly, and a `^C` that is answered at once.
constexpr Nanos look_interval = milliseconds{50};
/// Notes that wait to be shown; a run in which everything fails has more than anybody reads.
constexpr std::size_t max_notes = 200;
/// The last event follows the end closely; without it the run's record still tells all.
constexpr auto last_event_patience = seconds{5};

}  // namespace

ProgressStyle progress_style(const Session& session) {
  const Console& console = session.console;
  if (console.quiet()) return ProgressStyle::none;
  const std::string& chosen = session.configuration.text("output.progress");
  if (chosen == "none") return ProgressStyle::none;
  if (chosen == "bar") return ProgressStyle::bar;
  if (chosen == "lines") return ProgressStyle::lines;
  // Events on the same screen would write into the bar.
  const bool shared = console.format() == OutputFormat::jsonl && console.results_on_terminal();
  return console.notes_on_terminal() && !shared ? ProgressStyle::bar : ProgressStyle::lines;
}

RunWatch::RunWatch(Session& session, std::shared_ptr<RunHandle> run, const Graph& graph,
                   RunAttendance* attendance)
  : session_(session),
    run_(std::move(run)),
    workflow_(graph.name()),
    style_(progress_style(session)),
    next_line_(progress_interval({})),
    attendance_(attendance) {
  print_start(graph);
  subscription_ = run_->subscribe([this](const RunEvent& event) { on_event(event); });
}

RunWatch::~RunWatch() {
  run_->unsubscribe(subscription_);
  erase_bar();
}

bool RunWatch::wait() {
  while (!run_->wait_for(look_interval)) {
    if (leave_requested_) {
      erase_bar();
      return false;
    }
    cancel_when_asked();
    look_after_workers();
    show_notes();
    show_progress();
  }
  wait_for_last_event();
  show_notes();
  erase_bar();
  return true;
}

/// On the thread of the subscription.
void RunWatch::on_event(const RunEvent& event) {
  if (session_.console.format() == OutputFormat::jsonl) print_line(to_json(event));
  const std::string text = text_of_event(event);
  const std::lock_guard lock{mutex_};
  if (!text.empty()) {
    if (notes_.size() < max_notes) {
      notes_.push_back(text);
    } else {
      ++dropped_notes_;
    }
  }
  if (event.kind == RunEventKind::ended) {
    ended_ = true;
    ended_changed_.notify_all();
  }
}

void RunWatch::print_start(const Graph& graph) {
  if (session_.console.format() != OutputFormat::jsonl) return;
  Json line;
  line["event"] = "submitted";
  line["run"] = run_->id().text();
  line["workflow"] = graph.name();
  line["tasks"] = graph.task_count();
  print_line(text_of(line, JsonLayout::line));
}

/// A failure cancels the run: nobody would learn how it goes.
void RunWatch::print_line(const std::string& line) {
  if (unwritable_) return;
  try {
    session_.console.print(line + "\n");
  } catch (const Exception& failure) {
    unwritable_ = true;
    const std::lock_guard lock{mutex_};
    write_failure_ = failure.error().message;
    cancel_requested_ = true;
  }
}

std::string RunWatch::text_of_event(const RunEvent& event) const {
  const TextStyle& style = session_.console.note_style();
  const std::string name = printable(event.name);
  switch (event.kind) {
    case RunEventKind::attempt_failed:
      return fmt::format("{} {}, attempt {}, will be tried again: {}\n", style.yellow("retry:"),
                         name, event.attempt, printable(event.message));
    case RunEventKind::task_failed:
      return fmt::format("{} {}, attempt {}: {}\n", style.red("failed:"), name, event.attempt,
                         printable(event.message));
    case RunEventKind::task_requeued:
      return fmt::format("{} {}: {}\n", style.yellow("requeued:"), name, printable(event.message));
    case RunEventKind::task_committed:
      if (session_.verbosity == 0) return {};
      return fmt::format("done: {} on worker {}\n", name, event.worker.number());
    case RunEventKind::map_expanded:
      if (session_.verbosity == 0) return {};
      return fmt::format("expanded: {} into {} tasks\n", name, event.count);
    default:
      return {};
  }
}

void RunWatch::cancel_when_asked() {
  if (cancelling_ || !cancel_requested_) return;
  cancelling_ = true;
  erase_bar();
  const std::string failure = [this] {
    const std::lock_guard lock{mutex_};
    return write_failure_;
  }();
  if (failure.empty()) {
    session_.console.note("cancelling the run; once more stops at once\n");
    run_->cancel("cancelled from the command line");
  } else {
    session_.console.note(failure + "; cancelling the run\n");
    run_->cancel(failure);
  }
}

void RunWatch::show_notes() {
  std::deque<std::string> notes;
  std::size_t dropped = 0;
  {
    const std::lock_guard lock{mutex_};
    notes.swap(notes_);
    dropped = std::exchange(dropped_notes_, 0);
  }
  if (notes.empty() && dropped == 0) return;
  erase_bar();
  for (const std::string& note : notes) session_.console.note(note);
  if (dropped > 0) session_.console.note(fmt::format("and {} more like these\n", dropped));
}

/// A run that nobody works at would be waited for without an end.
void RunWatch::look_after_workers() {
  if (!attendance_) return;
  attendance_->look(clock_.now());
  if (!attendance_->deserted()) return;
  erase_bar();
  if (std::exchange(desertion_told_, true)) return;
  const std::string id = attendance_->run().text();
  session_.console.note(
    fmt::format("{} nobody works at run {}: weft resume {}, or start a weft "
                "worker\n",
                session_.console.note_style().yellow("waiting:"), id, id));
}

void RunWatch::show_progress() {
  if (style_ == ProgressStyle::none || (attendance_ && attendance_->deserted())) return;
  const RunRecord record = run_->record();
  if (record.tasks.total == 0) return;  // The store does not say.
  const TimePoint now = clock_.now();
  if (!meter_) {
    submitted_ = now - std::max(Nanos{}, clock_.wall_now() - record.submitted);
    meter_.emplace(now - submitted_, record.tasks);
  }
  meter_->update(now - submitted_, record.tasks);
  if (style_ == ProgressStyle::lines) {
    const Nanos watched = now - started_;
    if (watched < next_line_) return;
    next_line_ = watched + progress_interval(watched);
    session_.console.note(progress_line(*meter_, workflow_) + "\n");
    return;
  }
  // One column stays free: a terminal would wrap a line that fills it.
  const std::size_t columns = session_.console.note_columns() - 1;
  const std::string bar = progress_bar(*meter_, workflow_, columns, session_.console.note_style());
  session_.console.note("\r" + bar + "\x1b[K");
  bar_columns_ = columns_of(bar);
}

void RunWatch::erase_bar() {
  if (std::exchange(bar_columns_, 0) > 0) session_.console.note("\r\x1b[K");
}

void RunWatch::wait_for_last_event() {
  std::unique_lock lock{mutex_};
  ended_changed_.wait_for(lock, last_event_patience, [this] { return ended_; });
}

}  // namespace weft::cli
