#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/text_table.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"
#include "weft/runtime/commands/run_folder.hpp"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

struct LogFlags {
  std::string run;
  std::string task;
  std::uint32_t attempt = 0;
  bool standard_output = false;
  bool follow = false;
};

/// The attempts in the folder of a task, the last one last.
std::vector<std::uint32_t> attempts_in(const fs::path& task) {
  constexpr std::string_view prefix = "attempt-";
  std::vector<std::uint32_t> attempts;
  std::error_code failure;
  for (fs::directory_iterator each(task, failure), end; !failure && each != end;
       each.increment(failure)) {
    const std::string name = each->path().filename();
    if (!name.starts_with(prefix)) continue;
    attempts.push_back(
      static_cast<std::uint32_t>(std::strtoul(name.c_str() + prefix.size(), nullptr, 10)));
  }
  std::ranges::sort(attempts);
  return attempts;
}

/// `resize[3]` as its folder.
fs::path task_folder(const RunFolder& run, std::string_view task) {
  const std::size_t bracket = std::min(task.find('['), task.size());
  std::vector<std::uint32_t> rows;
  std::string_view rest = task.substr(bracket);
  while (rest.starts_with('[')) {
    rows.push_back(static_cast<std::uint32_t>(std::strtoul(rest.data() + 1, nullptr, 10)));
    rest.remove_prefix(std::min(rest.find(']'), rest.size() - 1) + 1);
  }
  return run.task(task.substr(0, bracket), rows);
}

/// A task that has an attempt, as users name it.
struct LoggedTask {
  std::string name;
  fs::path folder;
};

void collect_tasks(const fs::path& folder, const std::string& name, std::vector<LoggedTask>& out) {
  if (!attempts_in(folder).empty()) out.push_back({name, folder});
  std::error_code failure;
  for (fs::directory_iterator each(folder, failure), end; !failure && each != end;
       each.increment(failure)) {
    const std::string row = each->path().filename();
    if (row.empty() || row.find_first_not_of("0123456789") != std::string::npos) continue;
    collect_tasks(each->path(), fmt::format("{}[{}]", name, row), out);
  }
}

std::vector<LoggedTask> tasks_of(const RunFolder& run) {
  std::vector<LoggedTask> tasks;
  std::error_code failure;
  for (fs::directory_iterator each(run.path() / "tasks", failure), end; !failure && each != end;
       each.increment(failure)) {
    collect_tasks(each->path(), each->path().filename(), tasks);
  }
  std::ranges::sort(tasks, {}, &LoggedTask::name);
  return tasks;
}

std::string how_it_ended(const RunFolder& run, const fs::path& attempt) {
  std::ifstream file{attempt / "command.json"};
  const auto account = nlohmann::json::parse(file, nullptr, false);
  if (account.is_object() && account.contains("end")) return account["end"].get<std::string>();
  return run.running() ? "running" : "was cut off";
}

/// One line for each attempt of the run.
void list_attempts(Console& console, const RunFolder& run) {
  TextTable table{{{"task"}, {"attempt", Align::right}, {"end"}, {"stderr", Align::right}}};
  Json lines = Json::array();
  for (const LoggedTask& task : tasks_of(run)) {
    for (const std::uint32_t number : attempts_in(task.folder)) {
      const fs::path attempt = task.folder / fmt::format("attempt-{}", number);
      std::error_code failure;
      const auto size = fs::file_size(attempt / "stderr", failure);
      const std::uint64_t bytes = failure ? 0 : size;
      const std::string end = how_it_ended(run, attempt);
      table.add({printable(task.name), std::to_string(number), end, format_bytes({bytes})});
      lines.push_back({{"task", task.name},
                       {"attempt", number},
                       {"end", end},
                       {"stderr_bytes", bytes},
                       {"folder", attempt.string()}});
    }
  }
  if (console.format() == OutputFormat::table) {
    console.print(table.text(console.out_style()));
  } else {
    console.print(text_of_record(lines, console.format()));
  }
}

Error no_task(const RunFolder& run, const std::string& task) {
  std::vector<std::string> names;
  for (const LoggedTask& each : tasks_of(run)) names.push_back(each.name);
  const auto nearest = nearest_names(task, names);
  return {.code = Errc::invalid_argument,
          .message = fmt::format("run {} has no log of task {}", run.run(), in_quotes(task)),
          .hint = nearest.empty() ? fmt::format("weft logs {} lists its tasks", run.run())
                                  : fmt::format("did you mean {}?", nearest.front())};
}

/// Copies what the file holds from `offset` on; answers how far it came.
std::uint64_t print_from(Console& console, const fs::path& path, std::uint64_t offset) {
  std::ifstream file{path, std::ios::binary};
  file.seekg(static_cast<std::streamoff>(offset));
  std::string block(1 << 16, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    const auto size = static_cast<std::size_t>(file.gcount());
    console.print(block.substr(0, size));
    offset += size;
  }
  return offset;
}

/// Prints the log; with `follow`, goes on until the run has ended or a later attempt begins.
void print_log(Console& console, const RunFolder& run, const fs::path& task,
               const LogFlags& flags) {
  using namespace std::chrono_literals;
  const std::string_view name = flags.standard_output ? "stdout" : "stderr";
  std::uint32_t attempt = flags.attempt;
  std::uint64_t offset = 0;
  while (true) {
    const bool running = flags.follow && run.running();  // Before reading: nothing comes later.
    const auto attempts = attempts_in(task);
    const std::uint32_t newest = attempts.empty() ? 0 : attempts.back();
    if (attempt == 0) attempt = newest;
    if (attempt != 0) {
      offset = print_from(console, task / fmt::format("attempt-{}", attempt) / name, offset);
    }
    if (!running || console.reader_gone()) return;
    if (flags.attempt == 0 && newest > attempt) {
      attempt = newest;
      offset = 0;
      continue;
    }
    std::this_thread::sleep_for(100ms);
  }
}

ExitCode logs(Session& session, const LogFlags& flags) {
  const fs::path work = session.configuration.text("commands.folder");
  const RunFolder run = find_run_folder(work, flags.run).value();
  if (flags.task.empty()) {
    list_attempts(session.console, run);
    return ExitCode::success;
  }
  const fs::path task = task_folder(run, flags.task);
  const auto attempts = attempts_in(task);
  if (attempts.empty() && !(flags.follow && run.running())) {
    throw Exception(no_task(run, flags.task));
  }
  if (flags.attempt != 0 && !attempts.empty() &&
      std::ranges::find(attempts, flags.attempt) == attempts.end()) {
    throw Exception(
      Error{.code = Errc::invalid_argument,
            .message = fmt::format("task {} has no attempt {}; its last one is {}",
                                   in_quotes(flags.task), flags.attempt, attempts.back()),
            .hint = {}});
  }
  print_log(session.console, run, task, flags);
  return ExitCode::success;
}

}  // namespace

void add_logs(CommandLine& line) {
  auto flags = std::make_shared<LogFlags>();
  CLI::App& verb = line.add(
    {.name = "logs",
     .summary = "print what the commands of a run wrote to their standard error",
     .details = "Without --task, lists the attempts of the run and how each ended. With it, prints "
                "the log of its last attempt, or of the one that --attempt names. --follow goes on "
                "until the run has ended, over to later attempts, too.",
     .examples = "  weft logs last\n"
                 "  weft logs last --task resize[3] --attempt 1\n"
                 "  weft logs last --task align --follow\n"},
    [flags](Session& session) { return logs(session, *flags); });
  add_run_reference(verb, flags->run);
  verb.add_option("--task", flags->task, "The task: resize, or resize[3] of a foreach.")
    ->type_name("TASK");
  add_count(verb, "--attempt", flags->attempt, {.most = 1'000'000},
            "Which attempt; the last when not given.");
  verb.add_flag("--stdout", flags->standard_output, "The standard output instead.");
  verb.add_flag("--follow", flags->follow, "Go on as it grows, until the run has ended.");
  add_work_flag(line, verb);
}

}  // namespace weft::cli
