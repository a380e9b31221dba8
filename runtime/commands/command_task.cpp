#include "weft/runtime/commands/command_task.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/runtime/commands/child_process.hpp"
#include "weft/runtime/commands/command_outputs.hpp"
#include "weft/runtime/commands/command_values.hpp"
#include "weft/runtime/program_search.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;

constexpr std::streamoff tail_bytes = 4096;  // Of standard error, in an error.

Error cannot_write(const fs::path& path, const std::error_code& why) {
  return {
    .code = Errc::io_failed,
    .message = fmt::format("{} cannot be written: {}", in_quotes(path.string()), why.message()),
    .hint = "is there space on the disk?"};
}

/// The end of a file, from the beginning of a line on.
std::string tail_of(const fs::path& path) {
  std::ifstream file{path, std::ios::binary | std::ios::ate};
  if (!file) return {};
  const std::streamoff size = file.tellg();
  const std::streamoff begin = std::max<std::streamoff>(0, size - tail_bytes);
  file.seekg(begin);
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  file.read(text.data(), size - begin);
  if (begin > 0) text.erase(0, std::min(text.find('\n') + 1, text.size()));
  text.erase(text.find_last_not_of("\r\n \t") + 1);
  return text;
}

/// What weft itself was given, with the task's variables over it.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& own) {
  std::vector<std::string> out;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    const std::string name{variable.substr(0, variable.find('='))};
    if (!own.contains(name)) out.emplace_back(variable);
  }
  for (const auto& [name, value] : own) out.push_back(name + "=" + value);
  return out;
}

/// One attempt of a command.
class CommandAttempt {
public:
  CommandAttempt(const CommandTask& task, CommandServices& services, TaskContext& context,
                 const CommandInputs& inputs)
    : task_(task),
      services_(services),
      context_(context),
      rows_(context.rows()),
      values_(task, inputs, rows_) {}

  Result<CommandOutput> run() {
    if (auto read = values_.read_inputs(services_.digests()); !read) return read.error();
    auto use = values_.use();
    if (!use) return std::move(use).error();
    auto folder = services_.folder_of(context_.run());
    if (!folder) return std::move(folder).error();
    run_folder_ = std::move(*folder);
    task_folder_ = run_folder_->folder().task(task_.task.name, rows_);
    if (services_.previous() && context_.attempt() == 1) {
      if (auto kept = keep_previous(*use)) return *kept;
    }
    attempt_ = {task_folder_ / ("attempt-" + std::to_string(context_.attempt()))};
    OutputCollector collector{task_, values_, attempt_};
    auto output = execute(collector);
    if (!output) return output;
    // Before the files appear: should that be cut short, they are missing, which shows.
    const CommandRecord record{std::move(*use), *output};
    if (auto written = write_record(task_folder_, record); !written) return written.error();
    if (auto published = collector.publish(); !published) return published.error();
    std::error_code failure;  // What stays is only in the way.
    fs::remove_all(attempt_.work(), failure);
    return output;
  }

private:
  // -- the earlier run ----------------------------------------------------------------------------

  /// The outputs of the earlier run, if they are what this attempt would make.
  std::optional<CommandOutput> keep_previous(const CommandUse& use) {
    const fs::path before = services_.previous()->task(task_.task.name, rows_);
    std::error_code failure;
    auto record = read_record(before);
    std::optional<std::string> reason;
    if (!record) {
      reason = fs::exists(before, failure) ? "it had not succeeded" : "it had not run";
    } else {
      reason = reason_to_run(record->use, use);
    }
    if (!reason) reason = take_over(*record);
    services_.decided(
      {.task = context_.task_name(), .kept = !reason.has_value(), .reason = reason.value_or("")});
    return reason ? std::nullopt : std::optional(std::move(record->output));
  }

  /// Brings the files of the earlier run into this one, so that it stands by itself. Answers why
  /// that cannot be.
  std::optional<std::string> take_over(CommandRecord& record) {
    for (const PipelineOutput& output : task_.task.outputs) {
      if (!record.output.outputs.contains(output.name)) return "its outputs changed";
    }
    for (auto& [name, items] : record.output.outputs) {
      const PipelineOutput* output = task_.task.output(name);
      if (!output) return "its outputs changed";
      for (std::size_t i = 0; i < items.items.size(); ++i) {
        CommandItem& item = items.items[i];
        if (!item.file) continue;
        const auto there = describe_file(item.text);
        if (!there) return fmt::format("output {} is missing", in_quotes(name));
        if (there->digest != item.digest) return fmt::format("output {} changed", in_quotes(name));
        if (output->kind == PipelineOutput::Kind::file && !output->path.empty()) {
          const auto place = published_path(task_, values_, *output);
          if (!place || place->string() != item.text) {
            return fmt::format("output {} has another place", in_quotes(name));
          }
          const auto own = services_.claim_path(context_.run(), item.text, context_.task_name());
          if (!own) return own.error().message;
          continue;
        }
        const fs::path kept =
          task_folder_ / "kept" / name / std::to_string(i) / fs::path(item.text).filename();
        if (!link_or_copy(item.text, kept))
          return fmt::format("output {} cannot be read", in_quotes(name));
        item.text = kept.string();
      }
    }
    std::error_code failure;
    fs::create_directories(task_folder_, failure);
    if (!write_record(task_folder_, record)) return "its record cannot be written";
    return std::nullopt;
  }

  static bool link_or_copy(const fs::path& from, const fs::path& to) {
    std::error_code failure;
    fs::create_directories(to.parent_path(), failure);
    fs::remove(to, failure);
    fs::create_hard_link(from, to, failure);
    if (failure) fs::copy_file(from, to, failure);  // Never through a link into the earlier run.
    return !failure;
  }

  // -- this run -----------------------------------------------------------------------------------

  Result<CommandOutput> execute(OutputCollector& collector) {
    if (auto made = make_folders(); !made) return made.error();
    auto child = child_program();
    if (!child) return std::move(child).error();
    auto end = run_child(*child, context_.stop_token(), services_.options().grace);
    if (!end) {
      Error error = std::move(end).error();
      error.code = Errc::task_failed;
      write_account(*child, "was not started", {});
      return error;
    }
    write_account(*child, to_string(*end), *end);
    if (end->stopped) {
      return Error{.code = Errc::cancelled, .message = "stopped while " + name_of(*child) + " ran"};
    }
    if (!succeeded(*end)) return failed(*child, *end);
    auto output = collector.collect();
    if (!output) return std::move(output).error();
    // Whoever asked for the stop must not find new files afterwards.
    if (context_.stop_token().stop_requested()) {
      return Error{.code = Errc::cancelled, .message = "stopped before its outputs were taken"};
    }
    auto ready = collector.prepare(*output, services_, context_.run(), context_.task_name());
    if (!ready) return std::move(ready).error();
    return output;
  }

  Result<void> make_folders() {
    std::error_code failure;
    fs::remove_all(attempt_.path, failure);
    for (const fs::path& path : {attempt_.work(), attempt_.path / "out"}) {
      fs::create_directories(path, failure);
      if (failure) return cannot_write(path, failure);
    }
    for (const PipelineOutput& output : task_.task.outputs) {
      if (output.kind != PipelineOutput::Kind::file) continue;
      fs::path path = attempt_.output(output.name + output.suffix);
      if (!output.path.empty()) {
        // Programs look at how a name ends.
        auto place = published_path(task_, values_, output);
        if (!place) return std::move(place).error();
        path = attempt_.output(output.name) / place->filename();
        fs::create_directories(path.parent_path(), failure);
        if (failure) return cannot_write(path, failure);
      }
      values_.set_output_path(output.name, path);
    }
    return {};
  }

  Result<ChildProgram> child_program() {
    ChildProgram child{.folder = attempt_.work(),
                       .standard_output = attempt_.standard_output(),
                       .standard_error = attempt_.standard_error()};
    auto own = own_environment();
    if (!own) return std::move(own).error();
    child.mark = "WEFT_ATTEMPT=" + (*own)["WEFT_ATTEMPT"];
    child.environment = environment_with(*own);
    const PipelineCommand& command = *task_.task.command();
    if (command.shell) {
      auto text = values_.shell_text(command.words.front());
      if (!text) return std::move(text).error();
      child.arguments = {"/bin/sh", "-c", std::move(*text)};
    } else {
      for (const TextTemplate& word : command.words) {
        auto words = values_.words(word);
        if (!words) return std::move(words).error();
        std::ranges::move(*words, std::back_inserter(child.arguments));
      }
    }
    if (child.arguments.empty()) {
      return Error{.code = Errc::task_failed, .message = "the command is empty"};
    }
    auto program = find_program(child.arguments.front(), task_.folder, path_of(*own));
    if (!program) return std::move(program).error();
    child.program = std::move(*program);
    if (auto streams = set_streams(child); !streams) return streams.error();
    return child;
  }

  Result<std::map<std::string, std::string>> own_environment() {
    std::map<std::string, std::string> own;
    for (const auto& [name, value] : task_.task.environment) {
      auto text = values_.text(value);
      if (!text) return std::move(text).error();
      own[name] = std::move(*text);
    }
    own["WEFT_RUN"] = context_.run().text();
    own["WEFT_TASK"] = context_.task_name();
    own["WEFT_ATTEMPT"] =
      fmt::format("{}/{}/{}", context_.run().text(), context_.task_name(), context_.attempt());
    own["WEFT_IDEMPOTENCY_KEY"] = context_.idempotency_key();
    return own;
  }

  static std::string path_of(const std::map<std::string, std::string>& own) {
    if (const auto found = own.find("PATH"); found != own.end()) return found->second;
    return search_path();
  }

  Result<void> set_streams(ChildProgram& child) {
    if (!task_.task.standard_output.empty()) {
      const Reference output{.kind = Reference::Kind::output, .name = task_.task.standard_output};
      auto path = values_.value(output);
      if (!path) return std::move(path).error();
      child.standard_output = path->items.front().text;
    }
    if (!task_.task.standard_input) return {};
    const TextTemplate& input = *task_.task.standard_input;
    if (const Reference* reference = input.only_reference()) {
      auto items = values_.value(*reference);
      if (!items) return std::move(items).error();
      if (items->items.size() == 1 && items->items.front().file) {
        child.standard_input = items->items.front().text;
        std::error_code failure;
        if (fs::is_regular_file(child.standard_input, failure)) return {};
        return Error{.code = Errc::task_failed,
                     .message = "stdin: there is no file " + in_quotes(items->items.front().text)};
      }
    }
    auto text = values_.text(input);
    if (!text) return std::move(text).error();
    child.standard_input = attempt_.path / "stdin";
    return write_whole_file(child.standard_input, *text);
  }

  // -- how it ended -------------------------------------------------------------------------------

  [[nodiscard]] bool succeeded(const ChildEnd& end) const {
    const auto& codes = task_.task.exit_codes;
    return end.exit_code && std::ranges::find(codes, *end.exit_code) != codes.end();
  }

  [[nodiscard]] std::string name_of(const ChildProgram& child) const {
    return task_.task.command()->shell ? "the shell" : in_quotes(child.arguments.front());
  }

  Error failed(const ChildProgram& child, const ChildEnd& end) const {
    Error error{.code = Errc::task_failed,
                .message = fmt::format("{} {}", name_of(child), to_string(end)),
                .hint = "its standard error is in " + attempt_.standard_error().string()};
    if (end.signal == SIGKILL) {
      error.hint += "; a program that is killed so may have run out of memory";
    }
    const std::string tail = tail_of(attempt_.standard_error());
    if (!tail.empty()) {
      error.causes.push_back(
        {.code = Errc::task_failed, .message = "standard error ends with\n" + tail});
    }
    return error;
  }

  /// For people who look into the folder.
  void write_account(const ChildProgram& child, const std::string& ending,
                     const ChildEnd& end) const {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    nlohmann::ordered_json account;
    account["command"] = child.arguments;
    account["program"] = child.program.string();
    account["end"] = ending;
    account["stopped"] = end.stopped;
    account["cpu_ms"] = Milliseconds(end.cpu_time).count();
    account["peak_memory_bytes"] = end.peak_memory.count;
    constexpr auto replace = nlohmann::ordered_json::error_handler_t::replace;
    std::ofstream{attempt_.path / "command.json"} << account.dump(1, ' ', false, replace) << "\n";
  }

  const CommandTask& task_;
  CommandServices& services_;
  TaskContext& context_;
  std::vector<std::uint32_t> rows_;
  CommandValues values_;
  std::shared_ptr<const RunFolderLock> run_folder_;
  fs::path task_folder_;
  AttemptFolder attempt_;
};

}  // namespace

Result<CommandOutput> run_command(const CommandTask& task, CommandServices& services,
                                  TaskContext& context, const CommandInputs& inputs) {
  return CommandAttempt{task, services, context, inputs}.run();
}

}  // namespace weft
