#include "weft/runtime/configuration_toml.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "weft/runtime/configuration.hpp"

namespace weft {

namespace {

std::string place_of(const std::string& path, const toml::source_region& source) {
  return fmt::format("{}:{}", path, source.begin.line);
}

Error misplaced(std::string message, std::string hint) {
  return {.code = Errc::invalid_config, .message = std::move(message), .hint = std::move(hint)};
}

Result<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  return misplaced("neither a text, a number, true nor false", "write one value");
}

/// Reads the sections of one file, and collects what is wrong with them.
class Sections {
public:
  explicit Sections(const std::string& path) : path_(path) {}

  void read(const toml::table& document) {
    for (const auto& [name, node] : document) {
      if (const toml::table* section = node.as_table()) {
        read_section(std::string(name.str()), *section);
      } else {
        problems_.push_back(
          with_context(place_of(path_, node.source()),
                       misplaced(in_quotes(name.str()) + " stands outside of a section",
                                 "write it below its section, for example [pool]")));
      }
    }
  }

  Result<std::vector<TomlEntry>> result() && {
    if (problems_.empty()) {
      std::ranges::stable_sort(entries_, {}, &TomlEntry::line);
      return std::move(entries_);
    }
    return Error{.code = Errc::invalid_config,
                 .message = path_ + " cannot be used",
                 .causes = std::move(problems_)};
  }

private:
  void read_section(const std::string& section, const toml::table& values) {
    for (const auto& [name, node] : values) {
      const std::string key = fmt::format("{}.{}", section, name.str());
      const std::string where = place_of(path_, node.source());
      if (auto text = text_of(node)) {
        entries_.push_back({key, *text, node.source().begin.line});
      } else {
        problems_.push_back(with_context(fmt::format("{}: {}", where, key), text.error()));
      }
    }
  }

  const std::string& path_;
  std::vector<TomlEntry> entries_;
  std::vector<Error> problems_;
};

}  // namespace

Result<std::vector<TomlEntry>> read_toml_entries(std::string_view text, const std::string& path) {
  if (text.size() > max_configuration_size) {
    return misplaced(path + " is larger than 1 MiB", "a configuration is a few lines of TOML");
  }
  try {
    Sections sections{path};
    sections.read(toml::parse(text, path));
    return std::move(sections).result();
  } catch (const toml::parse_error& failure) {
    return misplaced(fmt::format("{}: {}", place_of(path, failure.source()), failure.description()),
                     "correct the line; strings of TOML stand in double quotes");
  }
}

}  // namespace weft
