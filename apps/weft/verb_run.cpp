#include <filesystem>
#include <mutex>

#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/configuration_files.hpp"
#include "weft/apps/weft/detached_run.hpp"
#include "weft/apps/weft/function_source.hpp"
#include "weft/apps/weft/kept_tasks.hpp"
#include "weft/apps/weft/output_file.hpp"
#include "weft/apps/weft/run_reference.hpp"
#include "weft/apps/weft/run_watch.hpp"
#include "weft/apps/weft/signal_watch.hpp"
#include "weft/apps/weft/stored_run_text.hpp"
#include "weft/apps/weft/summary_json.hpp"
#include "weft/apps/weft/summary_text.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"
#include "weft/runtime/commands/run_folder.hpp"
#include "weft/runtime/engine.hpp"

namespace weft::cli {

namespace {

struct RunFlags {
  WorkflowSource workflow;
  std::string trace;
  bool detach = false;
};

Error in_vain(std::string message, std::string hint) {
  return {.code = Errc::invalid_argument, .message = std::move(message), .hint = std::move(hint)};
}

/// Whether this command line sets it; what files and variables say may be meant for other runs.
bool is_flagged(const Configuration& configuration, std::string_view key) {
  return configuration.values(key).front().source == SettingSource::flag;
}

/// Refuses flags that would say nothing of the store that the run lies in.
Result<void> check_store_flags(const Configuration& configuration) {
  const bool durability = is_flagged(configuration, "store.durability");
  const bool replicas = is_flagged(configuration, "store.replicas");
  if (configuration.text("store.url") == "memory" && (durability || replicas)) {
    return in_vain(fmt::format("{} is of runs in a store, and none is named",
                               durability ? "--durability" : "--replicas"),
                   "give --store unix:///path or redis://host, or leave it out");
  }
  if (replicas && configuration.text("store.durability") != "replicated") {
    return in_vain("--replicas counts only where the durability is replicated",
                   "add --durability replicated, or leave it out");
  }
  return {};
}

/// Refuses what a run that is left in its store does not keep.
Result<void> check_detached_flags(const Configuration& configuration, const RunFlags& flags) {
  if (configuration.optional_duration("run.timeout")) {
    return in_vain("a run with --detach keeps no timeout: nobody would end it then",
                   "give --timeout none; weft cancel RUN ends it");
  }
  if (!flags.trace.empty()) {
    return in_vain(
      "--trace needs what this process measures, and --detach leaves the run to others",
      "leave one of them out");
  }
  for (const auto& [flag, key] : {std::pair{"--deadline", "run.deadline"},
                                  std::pair{"--fail-on-sla-miss", "run.fail_on_sla_miss"}}) {
    if (!is_flagged(configuration, key)) continue;
    return in_vain(fmt::format("{} is checked by who waits, and --detach does not wait", flag),
                   "leave one of them out");
  }
  return {};
}

/// Runs one workflow, start to end.
class RunCommand {
public:
  RunCommand(Session& session, const RunFlags& flags)
    : session_(session),
      console_(session.console),
      flags_(flags),
      options_(checked_engine_options(session.configuration)) {}

  ExitCode execute() {
    check_store_flags(session_.configuration).value();
    if (flags_.detach) check_detached_flags(session_.configuration, flags_).value();
    const SignalWatch signals{[this](int signal) { on_signal(signal); }};
    if (!options_.store.url.empty()) console_.note(durability_note(options_.store));
    open_trace();
    announce_reading();
    WorkflowSource source = flags_.workflow;
    if (!source.from_run.empty()) {
      const std::string work = session_.configuration.text("commands.folder");
      from_run_ = find_run_folder(work, source.from_run).value().run();
      source.from_run = from_run_;
      source.on_decision = [this](const CommandDecision& decision) { kept_tasks_.add(decision); };
    }
    auto loaded =
      load_workflow(source, session_.configuration, ReplayOptions::Purpose::run).value();
    graph_ = loaded.graph;
    deadline_ = session_.configuration.optional_duration("run.deadline");
    if (!deadline_ && loaded.sla) deadline_ = loaded.sla->deadline;
    options_.source = function_source(flags_.workflow, session_.configuration);
    announce();
    if (flags_.detach) {
      return submit_detached(session_, options_, std::move(loaded.registry), graph_,
                             submit_options());
    }
    play(std::move(loaded.registry));
    check_in_sight();
    const ExitCode code = exit_code();
    report(code);
    if (trace_) {
      trace_->write([this](const TextSink& sink) { write_chrome_trace(history_, sink); });
    }
    if (console_.format() == OutputFormat::table) suggest();
    return code;
  }

private:
  // -- signals, on a thread of their own ----------------------------------------------------------

  /// The first one cancels the run. A second one ends the process, and so does the first one before
  /// the run or after it.
  void on_signal(int signal) {
    const std::lock_guard lock{mutex_};
    if (!running_ || signal_ != 0) stop_at_once(signal);
    signal_ = signal;
    if (watch_) watch_->request_cancel();
  }

  /// Leaves nothing behind that looks as if it were going on, and ends the process.
  [[noreturn]] void stop_at_once(int signal) {
    // An engine or a history that does not answer must not hold this up.
    const auto end = [](int) { ::_exit(static_cast<int>(ExitCode::interrupted)); };
    ::signal(SIGALRM, end);
    ::alarm(1);
    if (trace_) trace_->discard();
    if (running_ && run_ && archive_) {
      RunRecord record = run_->record();
      if (record.state == RunState::running) record.state = RunState::cancelled;
      // Also if it has ended: the engine may not have come to write that yet.
      [[maybe_unused]] const auto written = archive_->finish_run(record);
    }
    console_.note("\nstopped at once\n");
    ::_exit(static_cast<int>(signal == SIGINT ? ExitCode::interrupted : ExitCode::terminated));
  }

  // -- what is done, in this order ----------------------------------------------------------------

  /// Before the run: whoever waited for it would not like to learn then that there is no trace.
  void open_trace() {
    if (flags_.trace.empty()) return;
    auto trace = std::make_unique<OutputFile>(flags_.trace, console_);
    const std::lock_guard lock{mutex_};
    trace_ = std::move(trace);
  }

  /// Reading a large file takes a while, in which nothing else would be seen.
  void announce_reading() {
    constexpr std::uintmax_t large = 2 << 20;
    std::error_code failure;
    const std::uintmax_t size = std::filesystem::file_size(flags_.workflow.file, failure);
    if (failure || size < large) return;
    console_.note(
      fmt::format("reading {} ({})\n", printable(flags_.workflow.file), format_bytes(Bytes{size})));
  }

  void announce() {
    console_.note(fmt::format("running {}: {} tasks, planner {}\n", printable(graph_->name()),
                              graph_->task_count(), options_.planner));
  }

  [[nodiscard]] ExitCode exit_code() const {
    const bool cancelled = history_.record.state == RunState::cancelled;
    const bool told_to_end = signal_ != 0 && signal_ != SIGINT;
    const bool succeeded = history_.record.state == RunState::succeeded;
    if (succeeded && !deadline_met() && session_.configuration.flag("run.fail_on_sla_miss")) {
      return ExitCode::deadline_missed;
    }
    return told_to_end && cancelled ? ExitCode::terminated : exit_code_of(history_.record);
  }

  /// Throws `Exception` when the store went away: the run has not ended then.
  void check_in_sight() const {
    const std::string id = history_.record.id.text();
    auto lost = lost_sight(
      history_.record,
      fmt::format(
        "what the store has of run {} stays in it; when it answers again: weft status {}, "
        "weft resume {}",
        id, id, id));
    if (lost) throw Exception(std::move(*lost));
  }

  /// True as well when there is no deadline.
  [[nodiscard]] bool deadline_met() const {
    const auto& makespan = history_.record.makespan;
    return !deadline_ || (makespan && *makespan <= *deadline_);
  }

  void play(Registry registry) {
    {
      const std::lock_guard lock{mutex_};
      running_ = true;
    }
    {
      const std::unique_ptr<Engine> engine = start_engine(std::move(registry));
      submit(*engine);
      watch_->wait();
      history_.record = run_->record();
    }
    RunFolder{session_.configuration.text("commands.folder"), history_.record.id.text()}
      .mark_ended();
    // The engine is gone, so all that it measured is in the history by now.
    {
      const std::lock_guard lock{mutex_};
      running_ = false;
      watch_.reset();
    }
    read_history();
  }

  /// A history that cannot be used takes nothing from how the run ended: only the summary is
  /// shorter then.
  void read_history() {
    try {
      history_ = read_run(*archive_, history_.record);
    } catch (const Exception& failure) {
      const Errc code = failure.error().code;
      if (code != Errc::history_unavailable && code != Errc::run_unknown) throw;
      in_history_ = false;
      console_.note(
        fmt::format("warning: the run is not in the history: {}\n", to_string(failure.error())));
    }
  }

  std::unique_ptr<Engine> start_engine(Registry registry) {
    try {
      return std::make_unique<Engine>(std::move(registry), options_);
    } catch (const Exception& failure) {
      Error error = failure.error();
      if (error.code == Errc::history_unavailable) {
        error.hint +=
          (error.hint.empty() ? "" : "; ") + std::string("--history :memory: runs without one");
      }
      throw Exception(std::move(error));
    }
  }

  void submit(Engine& engine) {
    archive_ = engine.history();
    auto run = engine.submit_graph(graph_, {}, submit_options());
    const std::lock_guard lock{mutex_};
    run_ = std::move(run);
    watch_ = std::make_unique<RunWatch>(session_, run_, *graph_);
    if (signal_ != 0) watch_->request_cancel();
  }

  SubmitOptions submit_options() const {
    return {.fail_fast = session_.configuration.flag("run.fail_fast"),
            .timeout = session_.configuration.optional_duration("run.timeout"),
            .progress_events = console_.format() == OutputFormat::jsonl};
  }

  void report(ExitCode code) {
    try {
      print_summary(code);
    } catch (const Exception&) {
      if (!console_.reader_gone()) throw;  // Else nobody wants to know; the run was as it was.
    }
  }

  void print_summary(ExitCode code) {
    const RunSummary summary =
      summarize(history_.record, history_.attempts, history_.slots, history_.graph);
    if (console_.format() == OutputFormat::table) {
      console_.print(kept_tasks_.text(from_run_, session_.verbosity > 0));
      console_.print(summary_text(summary, {.style = console_.out_style()}));
      console_.print(deadline_text());
      return;
    }
    Json verdict;
    verdict["event"] = "summary";
    verdict["exit_code"] = static_cast<int>(code);
    if (deadline_) {
      verdict["deadline_ns"] = deadline_->count();
      verdict["deadline_met"] = deadline_met();
    }
    if (!flags_.workflow.from_run.empty()) verdict["decisions"] = kept_tasks_.json();
    verdict.update(json_of(summary));
    console_.print(text_of_record(verdict, console_.format()));
  }

  [[nodiscard]] std::string deadline_text() const {
    const auto& makespan = history_.record.makespan;
    if (!deadline_ || !makespan || history_.record.state != RunState::succeeded) return {};
    const TextStyle style = console_.out_style();
    return fmt::format("\ndeadline {}: {}, {} from submit to result\n", format_duration(*deadline_),
                       deadline_met() ? style.green("met") : style.red("missed"),
                       format_duration(*makespan));
  }

  void suggest() {
    const std::string& file = options_.recorder.history;
    const std::string id = history_.record.id.text();
    if (!flags_.trace.empty()) {
      console_.note(
        fmt::format("\ntrace    {} (open it in Perfetto or chrome://tracing)\n", flags_.trace));
    }
    if (!in_history_) return;
    if (file == ":memory:") {
      console_.note("\nhistory  not kept: history.file is :memory:\n");
      return;
    }
    console_.note(
      fmt::format("\nhistory  {}\nnext     weft show {}\n         weft trace {} -O "
                  "trace.json\n",
                  file, id, id));
  }

  Session& session_;
  Console& console_;
  const RunFlags& flags_;
  EngineOptions options_;
  GraphPtr graph_;
  RunHistory history_;
  bool in_history_ = true;  ///< As far as is known.
  std::optional<Nanos> deadline_;
  std::string from_run_;  ///< The run whose outputs are used again; empty: none.
  KeptTasks kept_tasks_;

  std::mutex mutex_;      ///< Guards what follows, which the thread of the signals uses, too.
  bool running_ = false;  ///< There is an engine.
  int signal_ = 0;        ///< The one that came first during the run; 0: none.
  std::unique_ptr<OutputFile> trace_;
  std::shared_ptr<HistoryStore> archive_;
  std::shared_ptr<RunHandle> run_;
  std::unique_ptr<RunWatch> watch_;
};

constexpr std::string_view details =
  "Plans the workflow, runs it in this process, shows how it goes, and says at the end where the "
  "time "
  "went. A pipeline runs its commands as docs/pipelines.md says. A WfFormat trace is replayed: "
  "each task sleeps or burns its recorded time times "
  "--time-scale, "
  "and reads and writes its recorded bytes times --data-scale.\n\n"
  "^C cancels the run and waits for its tasks to stop; a second ^C stops at once. The run is "
  "recorded "
  "in the history either way. Exit codes: 0 the run succeeded, 1 a task failed, 6 it was "
  "cancelled, "
  "124 it took longer than --timeout; docs/exit-codes.md lists all.";

constexpr std::string_view examples =
  "  weft run mosaic.json --time-scale 0.1\n"
  "      replay a trace at a tenth of its time\n"
  "  weft run mosaic.json --slots 8 --cold-start 50ms --trace mosaic.trace.json\n"
  "      eight slots that take 50 ms to start, and a timeline for Perfetto\n"
  "  weft run thumbnails.yaml --param size=320 --deadline 30s\n"
  "      run a pipeline of commands, and say whether it made its deadline\n"
  "  weft run thumbnails.yaml --from-failure last\n"
  "      do again only what the last run left undone or what has changed since\n"
  "  weft run mosaic.json -o jsonl | jq -c 'select(.event==\"task_failed\")'\n"
  "      events as lines of JSON; the last line is the summary\n";

}  // namespace

void add_run(CommandLine& line) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App& verb = line.add({.name = "run",
                             .summary = "run a workflow and say where its time went",
                             .details = std::string(details),
                             .examples = std::string(examples)},
                            [flags](Session& session) {
                              return RunCommand{session, *flags}.execute();
                            });
  add_workflow(verb, flags->workflow);
  add_replay_flags(line, verb);
  add_pool_flags(line, verb);
  line.bind(verb, "--cold-start", "pool.cold_start", "TIME",
            "What a cold slot takes to start: 50ms.");
  line.bind(verb, "--history", "history.file", "FILE|URL",
            "Where runs are recorded: a file, redis://..., unix:///path; `:memory:` for nowhere.");
  add_work_flag(line, verb);
  verb
    .add_option("--from-failure", flags->workflow.from_run,
                "Do again only what RUN left undone, or what has changed since; last: the newest.")
    ->type_name("RUN")
    ->check(named_run());
  line.bind(verb, "--deadline", "run.deadline", "TIME",
            "By when the result is wanted, from the submission on: 30s.");
  line.bind_fixed(verb, "--fail-on-sla-miss", "run.fail_on_sla_miss", "true",
                  "End with exit code 4 when the run succeeds after its deadline.");
  line.bind(verb, "--timeout", "run.timeout", "TIME", "How long the run may take: 30s.");
  line.bind_fixed(verb, "--keep-going", "run.fail_fast", "false",
                  "After a failure, go on with tasks that do not need the failed one.");
  line.bind(verb, "--durability", "store.durability", "memory|everysec|always|replicated",
            "What a power loss of the store may cost; refused when the store does not give it.");
  line.bind(verb, "--replicas", "store.replicas", "N",
            "Replicas that must have taken a step before it counts, of --durability replicated.");
  verb.add_flag("--detach", flags->detach,
                "Leave the run in the store, to weft worker nodes; print its id and return.");
  line.bind(verb, "--progress", "output.progress", "auto|bar|lines|none", "How progress is shown.");
  verb.add_option("--trace", flags->trace, "Write a Chrome trace of the run to FILE.")
    ->type_name("FILE");
}

}  // namespace weft::cli
