#include "weft/workflow/importers/pipeline_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/workflow/registry.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

namespace {

template <class Number>
std::optional<Number> whole_text_as(std::string_view text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return whole_text_as<std::int64_t>(text);
}

std::optional<double> real_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto number = whole_text_as<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::string_view kind_in_words(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "empty";
    case YamlNode::Kind::scalar:
      return "a single value";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a mapping";
  }
  return {};
}

std::string suggestion(std::string_view typed, const std::vector<std::string>& known) {
  constexpr std::size_t readable = 24;
  const auto nearest = nearest_names(typed, known);
  if (!nearest.empty()) return fmt::format("did you mean {}?", fmt::join(nearest, ", "));
  if (known.empty() || known.size() > readable) return {};
  return fmt::format("there are {}", fmt::join(known, ", "));
}

void PipelineFields::problem(SourcePlace place, std::string_view what, std::string hint) {
  problems_.add(fmt::format("{}:{}: {}", origin_, to_string(place), what), std::move(hint));
}

void PipelineFields::problem(SourcePlace place, const Error& error) {
  problem(place, error.message, error.hint);
}

bool PipelineFields::check_map(const YamlNode& node, std::string_view what,
                               const std::vector<std::string>& known) {
  if (node.kind != YamlNode::Kind::map) {
    problem(node.place, fmt::format("{} is {}; it has to be a mapping", what, kind_in_words(node)),
            fmt::format("its keys are {}", fmt::join(known, ", ")));
    return false;
  }
  for (const YamlEntry& entry : node.entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    problem(entry.place, fmt::format("{} has no key {}", what, in_quotes(entry.key)),
            suggestion(entry.key, known));
  }
  return true;
}

bool PipelineFields::check_list(const YamlNode& node, std::string_view what) {
  if (node.kind == YamlNode::Kind::list) return true;
  problem(node.place, fmt::format("{} is {}; it has to be a list", what, kind_in_words(node)),
          "write [one, two]");
  return false;
}

std::optional<std::string> PipelineFields::text(const YamlNode& node, std::string_view what) {
  if (node.kind == YamlNode::Kind::scalar) return node.text;
  problem(node.place, fmt::format("{} is {}; it has to be a text", what, kind_in_words(node)));
  return std::nullopt;
}

std::optional<TextTemplate> PipelineFields::text_template(const YamlNode& node,
                                                          std::string_view what) {
  const auto words = text(node, what);
  if (!words) return std::nullopt;
  SourcePlace begin = node.place;
  if (node.quoted) ++begin.column;
  auto parsed = parse_template(*words, begin);
  if (parsed) return std::move(*parsed);
  problem(node.place, parsed.error());
  return std::nullopt;
}

bool PipelineFields::check_name(std::string_view name, SourcePlace place, std::string_view what) {
  const bool plain = std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
  if (plain && !name.empty() && name.size() <= max_name && name.front() != '-') return true;
  problem(place, fmt::format("{} cannot be the name of {}", in_quotes(name), what),
          fmt::format("take 1 to {} letters, digits, _ and -, not - first", max_name));
  return false;
}

std::optional<Nanos> PipelineFields::duration(const YamlNode& node, std::string_view what) {
  const auto words = text(node, what);
  if (!words) return std::nullopt;
  auto parsed = parse_duration(*words);
  if (parsed && *parsed > Nanos{}) return *parsed;
  if (parsed) {
    problem(node.place, fmt::format("{} is {}; it has to be above 0", what, *words));
  } else {
    problem(node.place, with_context(what, parsed.error()));
  }
  return std::nullopt;
}

std::optional<double> PipelineFields::number(const YamlNode& node, std::string_view what,
                                             double least, double most) {
  const auto words = text(node, what);
  if (!words) return std::nullopt;
  const auto parsed = real_number(*words);
  if (parsed && *parsed >= least && *parsed <= most) return parsed;
  problem(node.place, fmt::format("{} is {}; it has to be a number from {} to {}", what,
                                  in_quotes(*words), least, most));
  return std::nullopt;
}

std::optional<std::int64_t> PipelineFields::integer(const YamlNode& node, std::string_view what,
                                                    std::int64_t least, std::int64_t most) {
  const auto words = text(node, what);
  if (!words) return std::nullopt;
  const auto parsed = whole_number(*words);
  if (parsed && *parsed >= least && *parsed <= most) return parsed;
  problem(node.place, fmt::format("{} is {}; it has to be a whole number from {} to {}", what,
                                  in_quotes(*words), least, most));
  return std::nullopt;
}

std::optional<bool> PipelineFields::flag(const YamlNode& node, std::string_view what) {
  const auto words = text(node, what);
  if (!words) return std::nullopt;
  if (*words == "true") return true;
  if (*words == "false") return false;
  problem(node.place, fmt::format("{} is {}; it has to be true or false", what, in_quotes(*words)));
  return std::nullopt;
}

std::vector<std::string> PipelineFields::texts(const YamlNode& node, std::string_view what) {
  std::vector<std::string> out;
  if (node.kind != YamlNode::Kind::list) {
    if (auto one = text(node, what)) out.push_back(std::move(*one));
    return out;
  }
  for (const YamlNode& item : node.items) {
    if (auto one = text(item, fmt::format("an item of {}", what))) out.push_back(std::move(*one));
  }
  return out;
}

}  // namespace weft
