#include "weft/apps/weft/configuration_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

#include "weft/apps/weft/text_style.hpp"
#include "weft/workflow/registry.hpp"

namespace weft::cli {

namespace {

Configuration::Variables environment_variables() {
  Configuration::Variables variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry = *each;
    const std::size_t end = entry.find('=');
    if (end == std::string_view::npos) continue;
    variables.emplace_back(entry.substr(0, end), entry.substr(end + 1));
  }
  return variables;
}

/// A folder of the XDG base directory specification: the variable's, or one in the home folder.
/// Empty without a home.
std::string xdg_folder(const char* variable, const char* in_home) {
  if (const std::string folder = environment_value(variable); folder.starts_with('/'))
    return folder;
  const std::string home = environment_value("HOME");
  return home.empty() ? "" : home + in_home;
}

/// The text of a file; nothing when there is no such file.
Result<std::optional<std::string>> read_text(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::optional<std::string>{};
  std::ifstream file(path, std::ios::binary);
  // One more than what may be there: what is larger is refused, whatever follows.
  std::string text(max_configuration_size + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (!(file || file.eof()) || std::filesystem::is_directory(path, ignored)) {
    return Error{.code = Errc::invalid_config,
                 .message = path + " cannot be read: " + std::strerror(errno),
                 .hint = "make it a file that you may read, or remove it"};
  }
  return std::optional(std::move(text));
}

Result<void> read_file(Configuration& configuration, SettingSource source,
                       const std::string& path) {
  if (path.empty()) return {};
  auto text = read_text(path);
  if (!text) return text.error();
  if (!text->has_value()) return {};
  return configuration.read_toml(**text, source, path);
}

Result<void> read_files(Configuration& configuration, const std::string& chosen) {
  const std::string user = xdg_folder("XDG_CONFIG_HOME", "/.config");
  auto read = read_file(configuration, SettingSource::system_file, "/etc/weft/config.toml");
  if (read && !user.empty()) {
    read = read_file(configuration, SettingSource::user_file, user + "/weft/config.toml");
  }
  if (read) {
    read = read_file(configuration, SettingSource::project_file,
                     chosen.empty() ? "./weft.toml" : chosen);
  }
  return read;
}

}  // namespace

std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string expanded_path(const std::string& path) {
  if (!path.starts_with("~/")) return path;
  const std::string home = environment_value("HOME");
  return home.empty() ? path : home + path.substr(1);
}

std::vector<std::string> unknown_variables() {
  // Read by the store, and by weft's build and tests.
  constexpr std::string_view known[] = {"WEFT_STORE_PASSWORD", "WEFT_CACHE_DIR",
                                        "WEFT_UPDATE_GOLDEN", "WEFT_WFINSTANCES"};
  std::vector<std::string> settable;
  for (const Setting& setting : settings()) settable.push_back(environment_variable(setting.key));
  std::vector<std::string> warnings;
  for (const auto& [name, value] : environment_variables()) {
    if (!name.starts_with("WEFT_") || key_of_variable(name)) continue;
    if (std::ranges::find(known, name) != std::end(known)) continue;
    const auto nearest = nearest_names(name, settable);
    warnings.push_back(fmt::format("{} sets nothing; {}", printable(name),
                                   nearest.empty()
                                     ? "weft config keys lists what there is"
                                     : fmt::format("did you mean {}?", nearest.front())));
  }
  std::ranges::sort(warnings);
  return warnings;
}

EngineOptions checked_engine_options(const Configuration& configuration) {
  EngineOptions options = engine_options(configuration);
  options.recorder.history = expanded_path(options.recorder.history);
  if (auto valid = validate(options); !valid) {
    Error error = valid.error();
    if (error.hint.empty()) error.hint = "weft config show --origin says who set it";
    throw Exception(std::move(error));
  }
  return options;
}

Result<Configuration> read_configuration(const std::string& chosen) {
  Configuration configuration;
  if (const std::string state = xdg_folder("XDG_STATE_HOME", "/.local/state"); !state.empty()) {
    auto set = configuration.set("history.file", {.text = state + "/weft/history.db"});
    if (!set) return set.error();
  }
  std::error_code ignored;
  if (!chosen.empty() && !std::filesystem::exists(chosen, ignored)) {
    return Error{.code = Errc::invalid_config,
                 .message = fmt::format("--config: there is no file {}", in_quotes(chosen)),
                 .hint = "weft config keys lists what such a file may hold"};
  }
  if (auto read = read_files(configuration, chosen); !read) return read.error();
  if (!environment_value("NO_COLOR").empty()) {
    auto set = configuration.set(
      "output.color", {.text = "never", .source = SettingSource::environment, .where = "NO_COLOR"});
    if (!set) return set.error();
  }
  if (auto read = configuration.read_environment(environment_variables()); !read) {
    return read.error();
  }
  return configuration;
}

}  // namespace weft::cli
