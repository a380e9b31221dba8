#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/configuration_files.hpp"
#include "weft/apps/weft/function_source.hpp"
#include "weft/apps/weft/run_watch.hpp"
#include "weft/apps/weft/signal_watch.hpp"
#include "weft/apps/weft/stored_run_text.hpp"
#include "weft/apps/weft/stored_runs.hpp"
#include "weft/apps/weft/summary_json.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"
#include "weft/runtime/engine.hpp"

namespace weft::cli {

namespace {

/// A run in a store, waited for: by somebody who only looks, or who works at it.
class AttachedRun {
public:
  enum class Part : std::uint8_t { look, work };

  AttachedRun(Session& session, const std::string& reference, Part part)
    : session_(session),
      part_(part),
      signals_([this](int signal) { on_signal(signal); }),
      stored_(session.configuration),
      id_(stored_.find(reference)),
      description_(stored_.describe(id_)),
      attendance_(stored_, id_) {
    EngineOptions options = checked_engine_options(session.configuration);
    options.recorder.history.clear();  // Whoever has submitted it has its history.
    Registry registry;
    if (part == Part::work) {
      options.source = description_.source;
      options.make_registry = functions_from;
      registry = functions_from(description_.source).value();
    } else {
      options.role = NodeRole::client;
      options.pool.slots = 1;
    }
    engine_.emplace(std::move(registry), std::move(options));
    auto run = part == Part::work ? engine_->resume(id_) : engine_->attach(id_);
    run_ = std::move(run).value();
  }

  /// Shows how it goes until it has ended. Answers nothing when it was left before.
  std::optional<RunRecord> wait() {
    {
      const std::lock_guard lock{mutex_};
      watch_.emplace(session_, run_, *description_.graph,
                     part_ == Part::look ? &attendance_ : nullptr);
      if (signal_ != 0) watch_->request_leave();
    }
    const bool ended = watch_->wait();
    const std::lock_guard lock{mutex_};
    watch_.reset();
    return ended ? std::optional(run_->record()) : std::nullopt;
  }

  [[nodiscard]] ExitCode left() const {
    const std::string id = id_.text();
    session_.console.note(
      attendance_.deserted()
        ? fmt::format("left; nobody works at the run in its store: weft resume {}\n", id)
      : part_ == Part::work
        ? fmt::format("left; the run stays in its store: weft resume {}\n", id)
        : fmt::format("left; the run goes on in its store: weft status {}\n", id));
    return signal_ == SIGINT ? ExitCode::interrupted : ExitCode::terminated;
  }

  /// Throws `Exception` when the store went away, and nobody knows how the run stands.
  void check_in_sight(const RunRecord& record) const {
    const std::string id = id_.text();
    if (auto lost =
          lost_sight(record, fmt::format("run {} stays in it; when it answers again: weft {} {}",
                                         id, part_ == Part::work ? "resume" : "watch", id))) {
      throw Exception(std::move(*lost));
    }
  }

  [[nodiscard]] RunId id() const { return id_; }
  [[nodiscard]] const RunDescription& description() const { return description_; }
  [[nodiscard]] RunHandle& run() { return *run_; }
  [[nodiscard]] Engine& engine() { return *engine_; }

private:
  void on_signal(int signal) {
    const std::lock_guard lock{mutex_};
    signal_ = signal;
    if (watch_) watch_->request_leave();
  }

  Session& session_;
  Part part_;
  std::mutex mutex_;  ///< Guards the watch and the signal: signals come on a thread of their own.
  int signal_ = 0;
  SignalWatch signals_;  ///< Before other threads.
  StoredRuns stored_;
  RunId id_;
  RunDescription description_;
  RunAttendance attendance_;
  std::optional<Engine> engine_;
  std::shared_ptr<RunHandle> run_;
  std::optional<RunWatch> watch_;
};

void print_ending(Session& session, const RunRecord& record, Json extra) {
  Console& console = session.console;
  if (console.format() == OutputFormat::table) {
    console.print(ending_text(record, console.out_style()));
    return;
  }
  Json verdict;
  verdict["event"] = "summary";
  verdict["exit_code"] = static_cast<int>(exit_code_of(record));
  verdict.update(json_of(record));
  verdict.update(extra);
  console.print(text_of_record(verdict, console.format()));
}

ExitCode watch(Session& session, const std::string& reference, AttachedRun::Part part) {
  AttachedRun attached{session, reference, part};
  const auto record = attached.wait();
  if (!record) return attached.left();
  attached.check_in_sight(*record);
  print_ending(session, *record, Json::object());
  if (session.console.format() == OutputFormat::table) {
    session.console.note(fmt::format("\nnext     weft result {}   (removes it from the store)\n",
                                     attached.id().text()));
  }
  return exit_code_of(*record);
}

/// The outputs that the run keeps, by task.
std::vector<std::pair<std::string, Result<Value>>> outputs_of(AttachedRun& attached) {
  std::vector<std::pair<std::string, Result<Value>>> outputs;
  for (const TaskId task : attached.description().kept) {
    outputs.emplace_back(attached.description().graph->task_name(task),
                         attached.run().output(task));
  }
  return outputs;
}

ExitCode result(Session& session, const std::string& reference, bool keep) {
  AttachedRun attached{session, reference, AttachedRun::Part::look};
  const auto record = attached.wait();
  if (!record) return attached.left();
  attached.check_in_sight(*record);
  Console& console = session.console;
  Json values = Json::object();
  std::string text;
  if (record->state == RunState::succeeded) {
    for (const auto& [name, value] : outputs_of(attached)) {
      values[name] = value ? json_of(*value) : Json(value.error().message);
      text += fmt::format("  {}  {}\n", printable(name),
                          value ? value_text(*value) : printable(value.error().message));
    }
  }
  print_ending(session, *record, {{"outputs", values}});
  if (console.format() == OutputFormat::table && !text.empty()) {
    console.print("\n" + console.out_style().bold("outputs") + "\n" + text);
  } else if (record->state == RunState::succeeded && attached.description().kept.empty()) {
    console.note(fmt::format("\noutputs  {}\n", no_outputs_kept));
  }
  if (!keep) attached.engine().acknowledge(attached.id()).value();
  return exit_code_of(*record);
}

}  // namespace

void add_watch(CommandLine& line) {
  auto run = std::make_shared<std::string>();
  CLI::App& verb =
    line.add({.name = "watch",
              .summary = "show how a run in a store goes, until its end",
              .details = "The exit code is that of the run. ^C stops watching; the run goes on.",
              .examples = "  weft watch last\n"},
             [run](Session& session) { return watch(session, *run, AttachedRun::Part::look); });
  add_run_reference(verb, *run);
  add_store_flag(line, verb);
  line.bind(verb, "--progress", "output.progress", "auto|bar|lines|none", "How progress is shown.");
}

void add_resume(CommandLine& line) {
  auto run = std::make_shared<std::string>();
  CLI::App& verb = line.add(
    {.name = "resume",
     .summary = "work at a run in a store whose workers are gone, until its end",
     .details =
       "Takes the functions from where the submitter had them. What workers held that died "
       "with it is done again once their leases have run out. ^C leaves; the run stays.",
     .examples = "  weft resume last --pool process:4\n"},
    [run](Session& session) { return watch(session, *run, AttachedRun::Part::work); });
  add_run_reference(verb, *run);
  add_pool_flags(line, verb);
  line.bind(verb, "--progress", "output.progress", "auto|bar|lines|none", "How progress is shown.");
}

void add_result(CommandLine& line) {
  auto run = std::make_shared<std::string>();
  auto keep = std::make_shared<bool>(false);
  CLI::App& verb =
    line.add({.name = "result",
              .summary = "wait for a run in a store, print its outputs, and remove it",
              .details = "Texts, numbers, what commands give out, and small records and lists are "
                         "printed as they are, other outputs by kind and size. Only runs submitted "
                         "with --detach keep outputs.",
              .examples = "  weft result last -o json | jq .outputs\n"},
             [run, keep](Session& session) { return result(session, *run, *keep); });
  add_run_reference(verb, *run);
  verb.add_flag("--keep", *keep, "Leave the run in the store.");
  add_store_flag(line, verb);
}

}  // namespace weft::cli
