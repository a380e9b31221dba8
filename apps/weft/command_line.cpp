#include "weft/apps/weft/command_line.hpp"

#include <algorithm>
#include <new>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "weft/apps/weft/configuration_files.hpp"
#include "weft/apps/weft/crash_report.hpp"
#include "weft/apps/weft/help_text.hpp"
#include "weft/apps/weft/usage_error.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

OutputFormat format_of(std::string_view text) {
  if (text == "json") return OutputFormat::json;
  if (text == "jsonl") return OutputFormat::jsonl;
  return OutputFormat::table;
}

/// The library's log goes where notes go.
void direct_log(int verbosity, bool quiet) {
  auto logger = spdlog::get("weft");
  if (!logger) logger = spdlog::stderr_color_st("weft");
  logger->set_level(verbosity >= 2   ? spdlog::level::debug
                    : verbosity == 1 ? spdlog::level::info
                    : quiet          ? spdlog::level::err
                                     : spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

/// Makes an exit code, and words, of whatever is thrown.
template <class Body>
ExitCode guarded(Console& console, const std::string& command, Body&& body) {
  try {
    return body();
  } catch (const Exception& failure) {
    const ExitCode code = exit_code_of(failure.error());
    console.fail(failure.error(), code);
    return code;
  } catch (const std::bad_alloc&) {
    console.fail({.code = Errc::limit_exceeded,
                  .message = "the machine's memory is used up",
                  .hint = "use fewer slots, or a smaller --data-scale"},
                 ExitCode::exhausted);
    return ExitCode::exhausted;
  } catch (const std::exception& failure) {
    console.fail(reported(failure.what(), command), ExitCode::internal);
    return ExitCode::internal;
  }
}

}  // namespace

CommandLine::CommandLine()
  : app_(std::make_unique<CLI::App>("runs workflows on actors, plans them before they start, and "
                                    "tells where their time went",
                                    "weft")) {
  app_->set_help_flag("-h,--help", "Say what there is, and how to use it.");
  app_->require_subcommand(1);
  app_->allow_extras();
  app_->footer(
    "  weft run FILE       run a workflow and say where its time went\n"
    "  weft run --help     all about one verb\n");
  add_global_flags();
  add_all_verbs(*this);
}

void CommandLine::add_global_flags() {
  bind(*app_, "-o,--output", "output.format", "table|json|jsonl", "How results are printed.");
  app_->add_flag("-q,--quiet", quiet_, "Print results and errors only.");
  app_->add_flag("-v,--verbose", verbosity_, "Say more; twice, much more.");
  bind(*app_, "--color", "output.color", "auto|always|never", "Whether output is coloured.");
  bind_fixed(*app_, "--no-color", "output.color", "never", "As --color never; so does NO_COLOR.");
  app_->add_option("--config", config_file_, "Read FILE instead of ./weft.toml.")
    ->type_name("FILE")
    ->take_last();
}

CLI::App& CommandLine::add(const VerbText& text, Execute execute, VerbOptions options) {
  std::string description = text.summary + ".";
  if (!text.details.empty()) description += "\n\n" + text.details;
  CLI::App* verb =
    (options.parent ? options.parent : app_.get())->add_subcommand(text.name, description);
  verb->footer(text.examples);
  verb->fallthrough();
  verbs_.push_back({verb, std::move(execute), options});
  return *verb;
}

CLI::App& CommandLine::add_group(const VerbText& text) {
  CLI::App& verb = add(text, [](Session&) { return ExitCode::usage; });
  verb.require_subcommand(1);
  return verb;
}

CLI::Option* CommandLine::bind(CLI::App& verb, const std::string& flags, std::string_view key,
                               const std::string& type_name, const std::string& meaning) {
  check(setting_index(key).has_value(), "a flag is bound to a setting that exists");
  auto& binding = bindings_.emplace_back(std::make_unique<Binding>());
  binding->key = key;
  binding->option =
    verb.add_option(flags, binding->value, meaning)->type_name(type_name)->take_last();
  return binding->option;
}

CLI::Option* CommandLine::bind_fixed(CLI::App& verb, const std::string& flags, std::string_view key,
                                     std::string value, const std::string& meaning) {
  auto& binding = bindings_.emplace_back(std::make_unique<Binding>());
  binding->key = key;
  binding->value = std::move(value);
  binding->option = verb.add_flag(flags, meaning);
  return binding->option;
}

Result<void> CommandLine::parse(std::vector<std::string> arguments) const {
  std::reverse(arguments.begin(), arguments.end());  // As the parser wants them.
  try {
    app_->parse(arguments);
  } catch (const CLI::CallForHelp&) {
    throw;
  } catch (const CLI::ParseError& failure) {
    // What is missing is often missing because something else was misspelt.
    const auto extras = app_->remaining(true);
    if (!extras.empty()) return unexpected_argument(*app_, extras);
    return refused_argument(*app_, failure);
  }
  const auto extras = app_->remaining(true);
  if (!extras.empty()) return unexpected_argument(*app_, extras);
  return {};
}

const CommandLine::Verb& CommandLine::chosen() const {
  const CLI::App& innermost_verb = innermost(*app_);
  for (const Verb& verb : verbs_) {
    if (verb.app == &innermost_verb) return verb;
  }
  check(false, "every verb can be carried out");
  return verbs_.front();
}

const CommandLine::Binding* CommandLine::format_flag() const {
  for (const auto& binding : bindings_) {
    if (binding->key == "output.format" && binding->option->count() > 0) return binding.get();
  }
  return nullptr;
}

Result<void> CommandLine::check_format() const {
  if (chosen().options.formats == Formats::all || !format_flag()) return {};
  const CLI::App& verb = *chosen().app;
  const bool has_file = verb.get_option_no_throw("--output-file") != nullptr;
  return Error{
    .code = Errc::invalid_argument,
    .message = command_name(verb) + " takes no --output: it has formats of its own",
    .hint = has_file ? "-O FILE writes to a file, and --format says what" : "leave it out"};
}

Result<Configuration> CommandLine::configure() const {
  if (auto format = check_format(); !format) return format.error();
  Result<Configuration> configuration = Configuration{};
  if (chosen().options.needs == Needs::configuration)
    configuration = read_configuration(config_file_);
  if (!configuration) return configuration;
  std::vector<Error> problems;
  for (const auto& binding : bindings_) {
    if (binding->option->count() == 0) continue;
    auto set = configuration->set(binding->key, {.text = binding->value,
                                                 .source = SettingSource::flag,
                                                 .where = binding->option->get_name()});
    if (!set) problems.push_back(set.error());
  }
  if (problems.empty()) return configuration;
  if (problems.size() == 1) return std::move(problems.front());
  return Error{.code = Errc::invalid_argument,
               .message = "some flags cannot be used",
               .causes = std::move(problems)};
}

/// What the flag asks for, as far as one can tell before the configuration is known to be sound.
OutputFormat CommandLine::wanted_format() const {
  if (const Binding* flag = format_flag()) return format_of(flag->value);
  return OutputFormat::table;
}

ConsoleOptions CommandLine::console_options(const Configuration& configuration) const {
  return {.format = format_of(configuration.text("output.format")),
          .color = configuration.text("output.color"),
          .quiet = quiet_};
}

ExitCode CommandLine::dispatch(const Configuration& configuration, Console& console) {
  return guarded(console, command_name(*chosen().app), [&] {
    if (chosen().options.needs == Needs::configuration) {
      for (const std::string& warning : unknown_variables()) {
        console.note(fmt::format("{} {}\n", console.note_style().yellow("warning:"), warning));
      }
    }
    Session session{configuration, console, verbosity_};
    return chosen().execute(session);
  });
}

ExitCode CommandLine::run(std::vector<std::string> arguments) {
  Console plain{{}};
  return guarded(plain, app_->get_name(), [&] { return run_parsed(std::move(arguments)); });
}

ExitCode CommandLine::run_parsed(std::vector<std::string> arguments) {
  Console plain{{}};
  try {
    if (arguments.empty()) {
      plain.note(help_text(*app_));
      return ExitCode::usage;
    }
    if (auto parsed = parse(std::move(arguments)); !parsed) {
      Console{{.format = wanted_format()}}.fail(parsed.error(), ExitCode::usage);
      return ExitCode::usage;
    }
  } catch (const CLI::CallForHelp&) {
    plain.print(help_text(innermost(*app_)));
    return ExitCode::success;
  }
  const auto configuration = configure();
  if (!configuration) {
    Console{{.format = wanted_format()}}.fail(configuration.error(), ExitCode::usage);
    return ExitCode::usage;
  }
  direct_log(verbosity_, quiet_);
  Console console{console_options(*configuration)};
  return dispatch(*configuration, console);
}

}  // namespace weft::cli
