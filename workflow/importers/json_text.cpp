#include "weft/workflow/importers/json_text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weft {

namespace {

std::string place_in(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // 0 when there is none.
  return fmt::format("line {}, column {}", line, before.size() - line_start + 1);
}

/// Walks over the text once without building anything: a document that is too deep would overflow
/// the parser's stack, and one with too many values would fill the memory.
Result<void> check_limits(std::string_view text, std::string_view origin,
                          const JsonLimits& limits) {
  std::size_t depth = 0;
  std::size_t values = 1;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
      continue;
    }
    if (c == '"') in_text = true;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (c == '[' || c == '{' || c == ',') ++values;
    if (depth > limits.depth) {
      return Error{.code = Errc::limit_exceeded,
                   .message = fmt::format("{} nests more than {} lists and objects at {}",
                                          in_quotes(origin), limits.depth, place_in(text, i)),
                   .hint = "a workflow needs far fewer; is this the right file?"};
    }
    if (values > limits.values) {
      return Error{.code = Errc::limit_exceeded,
                   .message = fmt::format("{} holds more than {} values at {}", in_quotes(origin),
                                          limits.values, place_in(text, i)),
                   .hint = "split it into smaller workflows"};
    }
  }
  return {};
}

/// `text` behind the first `mark`; all of it when there is none.
std::string_view behind(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? text : text.substr(at + mark.size());
}

/// What the parser found, out of `[its number] parse error at some place: reason; last read:
/// 'text'`, where the place may be missing. The text may be no UTF-8.
std::string_view reason_of(const std::exception& failure) {
  std::string_view text = behind(failure.what(), "] ");
  if (text.starts_with("parse error")) text = behind(text, ": ");
  return text.substr(0, text.find("; last read"));
}

std::string_view kind_of(const nlohmann::json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "text";
  if (value.is_number()) return "a number";
  return value.is_null() ? "null" : "true or false";
}

Error not_json(std::string_view text, std::string_view origin, std::size_t offset,
               const std::exception& failure) {
  return {.code = Errc::invalid_file,
          .message = fmt::format("{} is not JSON: {}: {}", in_quotes(origin),
                                 place_in(text, offset), reason_of(failure)),
          .hint = text.empty() ? "the file is empty"
                  : offset >= text.size()
                    ? "the text ends too early; was the file copied in full?"
                    : "mend the text there"};
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, std::string_view origin,
                                  const JsonLimits& limits) {
  if (auto within = check_limits(text, origin, limits); !within) return within.error();
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& failure) {
    return not_json(text, origin, failure.byte > 0 ? failure.byte - 1 : 0, failure);
  } catch (const nlohmann::json::exception& failure) {  // A number that no type holds.
    return Error{.code = Errc::invalid_file,
                 .message = fmt::format("{} is not JSON: {}", in_quotes(origin),
                                        reason_of(failure)),
                 .hint = "mend that number"};
  }
}

std::string JsonField::path() const {
  if (!parent_) return "/";
  const std::string outer = parent_->parent_ ? parent_->path() : std::string{};
  return outer + "/" + (key_.empty() ? std::to_string(index_) : std::string(key_));
}

void JsonField::expected(std::string_view what, ProblemList& problems) const {
  if (problems.full()) return problems.add({});
  problems.add(fmt::format("{} is {}, not {}", path(), kind_of(*value_), what));
}

std::optional<JsonField> JsonField::member(std::string_view key, ProblemList& problems) const {
  if (!value_->is_object()) {
    expected("an object", problems);
    return std::nullopt;
  }
  auto found = optional_member(key);
  if (!found) problems.add(fmt::format("{}/{} is missing", parent_ ? path() : "", key));
  return found;
}

std::optional<JsonField> JsonField::optional_member(std::string_view key) const {
  if (!value_->is_object()) return std::nullopt;
  const auto found = value_->find(key);
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonField{*found, this, key, 0};
}

JsonField JsonField::item(std::size_t index) const {
  return JsonField{(*value_)[index], this, {}, index};
}

std::size_t JsonField::items(ProblemList& problems) const {
  if (value_->is_array()) return value_->size();
  expected("a list", problems);
  return 0;
}

std::optional<std::string_view> JsonField::text(ProblemList& problems) const {
  const auto* text = value_->get_ptr<const std::string*>();
  if (text && !text->empty()) return *text;
  if (text) {
    problems.add(path() + " is empty");
  } else {
    expected("text", problems);
  }
  return std::nullopt;
}

std::optional<double> JsonField::number(double max, ProblemList& problems) const {
  if (!value_->is_number()) {
    expected("a number", problems);
    return std::nullopt;
  }
  const double number = value_->get<double>();
  if (number >= 0 && number <= max) return number;
  problems.add(fmt::format("{} is {}, not a number from 0 to {}", path(), number, max));
  return std::nullopt;
}

}  // namespace weft
