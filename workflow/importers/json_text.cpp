#include "weft/workflow/importers/json_text.hpp"

#include <algorithm>
#include <vector>

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
          .hint = text.empty()            ? "the file is empty"
                  : offset >= text.size() ? "the text ends too early; was the file copied in full?"
                                          : "mend the text there"};
}

/// Builds the document while the parser reads, and stops it where there is nothing to be read: at
/// a document that is no object, however long, and at a member that is there twice, of which a
/// parser would keep one without a word. Its functions are called by the parser.
class DocumentBuilder {
public:
  using Json = nlohmann::json;

  DocumentBuilder(std::string_view text, std::string_view origin) : text_(text), origin_(origin) {}

  Result<Json> result() && {
    if (error_) return std::move(*error_);
    return std::move(document_);
  }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return add(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // There is none in text.

  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    auto& members = open_.back()->get_ref<Json::object_t&>();
    const auto [member, fresh] = members.try_emplace(name);
    member_ = &member->second;
    if (fresh) return true;
    return refuse(fmt::format("{} has two members {} in {}", in_quotes(origin_), in_quotes(name),
                              in_quotes(place())),
                  "remove one of them: programs differ in which they take");
  }

  bool parse_error(std::size_t, const std::string&, const Json::parse_error& failure) {
    error_ = not_json(text_, origin_, failure.byte > 0 ? failure.byte - 1 : 0, failure);
    return false;
  }

  /// A number that no type holds.
  bool parse_error(std::size_t, const std::string&, const Json::exception& failure) {
    return refuse(fmt::format("{} is not JSON: {}", in_quotes(origin_), reason_of(failure)),
                  "mend that number");
  }

private:
  bool refuse(std::string message, std::string hint) {
    error_ =
      Error{.code = Errc::invalid_file, .message = std::move(message), .hint = std::move(hint)};
    return false;
  }

  bool add(Json value) { return put(std::move(value)) != nullptr; }

  bool open(Json value) {
    Json* const place = put(std::move(value));
    if (place) open_.push_back(place);
    return place != nullptr;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  /// Where the value is now; nothing when it is refused.
  Json* put(Json value) {
    if (open_.empty()) {
      if (!value.is_object()) {
        refuse(fmt::format("{} is {}, not an object", in_quotes(origin_), kind_of(value)),
               "is this the right file? a workflow is one JSON object");
        return nullptr;
      }
      return &(document_ = std::move(value));
    }
    Json& around = *open_.back();
    if (around.is_array()) return &around.emplace_back(std::move(value));
    return &(*member_ = std::move(value));
  }

  /// The object that is being read, as a JSON pointer.
  [[nodiscard]] std::string place() const {
    std::string path;
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
      const Json& around = *open_[i];
      if (around.is_array()) {
        path += fmt::format("/{}", around.size() - 1);
        continue;
      }
      const auto& members = around.get_ref<const Json::object_t&>();
      path += "/" + std::ranges::find_if(members, [inner = open_[i + 1]](const auto& member) {
                      return &member.second == inner;
                    })->first;
    }
    return path.empty() ? "/" : path;
  }

  std::string_view text_;
  std::string_view origin_;
  Json document_;
  std::vector<Json*> open_;  ///< Lists and objects that are being read, the outermost first.
  Json* member_ = nullptr;   ///< Of the innermost object, the one whose value comes next.
  std::optional<Error> error_;
};

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, std::string_view origin,
                                  const JsonLimits& limits) {
  if (auto within = check_limits(text, origin, limits); !within) return within.error();
  DocumentBuilder document{text, origin};
  nlohmann::json::sax_parse(text, &document);
  return std::move(document).result();
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
