#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "weft/apps/weft/console.hpp"
#include "weft/apps/weft/exit_code.hpp"
#include "weft/runtime/configuration.hpp"

namespace weft::cli {

/// What a verb works with. Lives as long as the command.
struct Session {
  const Configuration& configuration;
  Console& console;
  int verbosity = 0;  ///< How often `-v` was given.
};

/// Carries a verb out.
using Execute = std::function<ExitCode(Session&)>;

/// Which settings a verb needs before it can run.
enum class Needs : std::uint8_t {
  configuration,
  nothing,  ///< It works even where the configuration is broken.
};

/// Whether a verb heeds the flag that says how results are printed.
enum class Formats : std::uint8_t {
  all,
  own,  ///< It writes formats of its own: the flag would mean nothing.
};

/// How a verb is described.
struct VerbText {
  std::string name;
  std::string summary;   ///< One line, without a full stop.
  std::string details;   ///< Paragraphs; may be empty.
  std::string examples;  ///< Lines of commands, each below what it does.
};

/// What else there is to know of a verb.
struct VerbOptions {
  Needs needs = Needs::configuration;
  Formats formats = Formats::all;
  CLI::App* parent = nullptr;  ///< The verb that it stands below; nothing: none.
};

/// The command line: verbs, what they take, and who carries them out.
class CommandLine {
public:
  CommandLine();

  [[nodiscard]] CLI::App& app() { return *app_; }
  [[nodiscard]] const CLI::App& app() const { return *app_; }

  /// Adds a verb, or one below another.
  CLI::App& add(const VerbText& text, Execute execute, VerbOptions options = {});

  /// Adds a verb that only holds others.
  CLI::App& add_group(const VerbText& text);

  /// Adds a flag whose argument is the value of a setting.
  CLI::Option* bind(CLI::App& verb, const std::string& flags, std::string_view key,
                    const std::string& type_name, const std::string& meaning);

  /// Adds a flag without argument that gives a setting a fixed value.
  CLI::Option* bind_fixed(CLI::App& verb, const std::string& flags, std::string_view key,
                          std::string value, const std::string& meaning);

  /// Reads the arguments and does what they ask. Never throws.
  /// @param arguments without the program's name
  ExitCode run(std::vector<std::string> arguments);

private:
  struct Binding {
    std::string key;
    std::string value;
    CLI::Option* option = nullptr;
  };
  struct Verb {
    CLI::App* app;
    Execute execute;
    VerbOptions options;
  };

  void add_global_flags();
  [[nodiscard]] Result<void> parse(std::vector<std::string> arguments) const;
  [[nodiscard]] const Verb& chosen() const;
  [[nodiscard]] Result<Configuration> configure() const;
  [[nodiscard]] Result<void> check_format() const;
  [[nodiscard]] const Binding* format_flag() const;
  [[nodiscard]] OutputFormat wanted_format() const;
  [[nodiscard]] ConsoleOptions console_options(const Configuration& configuration) const;
  ExitCode run_parsed(std::vector<std::string> arguments);
  ExitCode dispatch(const Configuration& configuration, Console& console);

  std::unique_ptr<CLI::App> app_;
  std::vector<Verb> verbs_;
  std::vector<std::unique_ptr<Binding>> bindings_;
  std::string config_file_;
  bool quiet_ = false;
  int verbosity_ = 0;
};

}  // namespace weft::cli
