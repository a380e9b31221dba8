#include "weft/workflow/importers/text_template.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weft {

namespace {

constexpr std::size_t max_references = 10'000;  // Of one text.

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_name_character);
}

Error bad_reference(std::string_view inside, std::string_view why) {
  return {.code = Errc::invalid_file,
          .message =
            fmt::format("{} is no reference: {}", in_quotes(fmt::format("${{{}}}", inside)), why),
          .hint =
            "write ${params.NAME}, ${in.NAME}, ${out.NAME}, ${item}, ${index}, "
            "${TASK.OUTPUT} or ${TASK.*.OUTPUT}; $${ stands for the two characters"};
}

std::vector<std::string_view> split_at_dots(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t dot = text.find('.');
    words.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return words;
    text.remove_prefix(dot + 1);
  }
}

Result<Reference> parse_reference(std::string_view inside, SourcePlace place) {
  auto words = split_at_dots(inside);
  const bool every = words.size() > 1 && words[1] == "*";
  if (every) words.erase(words.begin() + 1);
  for (const std::string_view word : words) {
    if (!is_name(word)) return bad_reference(inside, "a name has letters, digits, _ and - only");
  }
  if (words.size() > 2) return bad_reference(inside, "it has too many parts");
  const std::string first{words[0]};
  const std::string second{words.size() > 1 ? words[1] : ""};
  Reference reference{.name = second, .every = every, .place = place};
  const bool special =
    first == "params" || first == "in" || first == "out" || first == "item" || first == "index";
  if (special && every) return bad_reference(inside, "* goes with a task that has foreach");
  if (first == "params" || first == "in" || first == "out") {
    if (second.empty()) return bad_reference(inside, "the name is missing");
    reference.kind = first == "params" ? Reference::Kind::parameter
                     : first == "in"   ? Reference::Kind::input
                                       : Reference::Kind::output;
  } else if (first == "item") {
    reference.kind = Reference::Kind::item;
  } else if (first == "index") {
    if (!second.empty()) return bad_reference(inside, "an index has no parts");
    reference.kind = Reference::Kind::index;
  } else {
    reference.kind = Reference::Kind::task;
    reference.task = first;
  }
  return reference;
}

}  // namespace

std::string to_string(const Reference& reference) {
  const auto with_name = [&](std::string text) {
    return reference.name.empty() ? text : text + "." + reference.name;
  };
  switch (reference.kind) {
    case Reference::Kind::parameter:
      return with_name("params");
    case Reference::Kind::input:
      return with_name("in");
    case Reference::Kind::output:
      return with_name("out");
    case Reference::Kind::item:
      return with_name("item");
    case Reference::Kind::index:
      return "index";
    case Reference::Kind::task:
      return with_name(reference.task + (reference.every ? ".*" : ""));
  }
  return {};
}

namespace {

/// Walks over shell text and knows what it is inside of.
class ShellScanner {
public:
  void take(char c, char next) {
    const char inside = stack_.empty() ? 0 : stack_.back();
    if (skip_) {
      skip_ = false;
    } else if (comment_) {
      comment_ = c != '\n';
    } else if (inside == '\'') {
      if (c == '\'') stack_.pop_back();
    } else if (c == '\\') {
      skip_ = true;
    } else if (c == '$' && next == '(') {
      dollar_ = true;
    } else if (c == '(' && dollar_) {
      dollar_ = false;
      stack_.push_back(next == '(' ? 'a' : '(');
      skip_ = next == '(';
    } else if (c == inside && (c == '"' || c == '`')) {
      stack_.pop_back();
    } else if (c == '"' || c == '`' || (c == '\'' && inside != '"')) {
      stack_.push_back(c);
    } else if (inside != '"') {
      brackets(c, next, inside);
    }
    before_ = c;
  }

  [[nodiscard]] ShellContext context() const {
    if (comment_ || stack_.empty() || stack_.back() == '(') return ShellContext::word;
    return stack_.back() == 'a' || stack_.back() == 'p' ? ShellContext::arithmetic
                                                        : ShellContext::quoted;
  }

private:
  void brackets(char c, char next, char inside) {
    const bool counts = inside == 'a' || inside == 'p';
    if (c == '(') stack_.push_back(counts ? 'p' : '(');
    if (c == ')' && (inside == '(' || inside == 'p')) stack_.pop_back();
    if (c == ')' && inside == 'a' && next == ')') {
      stack_.pop_back();
      skip_ = true;
    }
    const bool begins = before_ == 0 || before_ == ' ' || before_ == '\n' || before_ == ';';
    if (c == '#' && begins && !counts) comment_ = true;
  }

  /// Quotes as they are; `(` a command; `a` arithmetic; `p` a bracket in it.
  std::vector<char> stack_;
  char before_ = 0;
  bool skip_ = false;
  bool comment_ = false;
  bool dollar_ = false;
};

}  // namespace

std::vector<ShellContext> shell_contexts(const TextTemplate& text) {
  std::vector<ShellContext> contexts;
  ShellScanner scanner;
  for (const TextTemplate::Part& part : text.parts) {
    if (const auto* words = std::get_if<std::string>(&part)) {
      for (std::size_t i = 0; i < words->size(); ++i) {
        scanner.take((*words)[i], i + 1 < words->size() ? (*words)[i + 1] : '\0');
      }
    } else {
      contexts.push_back(scanner.context());
      scanner.take('x', '\0');  // It stands for some word.
    }
  }
  return contexts;
}

const Reference* TextTemplate::only_reference() const {
  return parts.size() == 1 ? std::get_if<Reference>(&parts.front()) : nullptr;
}

std::optional<std::string> TextTemplate::constant() const {
  std::string text;
  for (const Part& part : parts) {
    const auto* words = std::get_if<std::string>(&part);
    if (!words) return std::nullopt;
    text += *words;
  }
  return text;
}

std::string to_string(const TextTemplate& text) {
  std::string out;
  for (const TextTemplate::Part& part : text.parts) {
    if (const auto* reference = std::get_if<Reference>(&part)) {
      out += "${" + to_string(*reference) + "}";
      continue;
    }
    const std::string& words = std::get<std::string>(part);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words.compare(i, 2, "${") == 0) out += '$';
      out += words[i];
    }
  }
  return out;
}

Result<TextTemplate> parse_template(std::string_view text, SourcePlace place) {
  TextTemplate out{.place = place};
  std::string words;
  std::size_t references = 0;
  const auto finish_words = [&] {
    if (!words.empty()) out.parts.emplace_back(std::exchange(words, {}));
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("$${")) {
      words += "${";
      i += 2;
    } else if (rest.starts_with("${")) {
      const std::size_t end = rest.find('}');
      if (end == std::string_view::npos) {
        return Error{.code = Errc::invalid_file,
                     .message = in_quotes(rest) + " is not closed",
                     .hint = "a reference ends with }; write $${ for the characters themselves"};
      }
      if (++references > max_references) {
        return Error{.code = Errc::limit_exceeded,
                     .message = fmt::format("a text holds more than {} references", max_references),
                     .hint = "pass them as a list"};
      }
      const SourcePlace where{place.line, place.column + static_cast<std::uint32_t>(i)};
      auto reference = parse_reference(rest.substr(2, end - 2), where);
      if (!reference) return std::move(reference).error();
      finish_words();
      out.parts.emplace_back(std::move(*reference));
      i += end;
    } else {
      words += text[i];
    }
  }
  finish_words();
  return out;
}

}  // namespace weft
