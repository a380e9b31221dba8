#include "weft/workflow/function.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace weft {

namespace {

constexpr std::size_t max_name_size = 128;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= max_name_size &&
         std::ranges::all_of(text, is_name_character);
}

/// 1 to 2^32-1 in plain digits, so that one version has one spelling.
std::optional<std::uint32_t> version_of(std::string_view text) {
  if (text.empty() || text.front() < '1' || text.front() > '9') return std::nullopt;
  std::uint32_t version = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, version);
  if (failure != std::errc{} || stop != end) return std::nullopt;
  return version;
}

Error malformed(std::string_view text, std::string_view hint) {
  return Error{.code = Errc::invalid_argument,
               .message = in_quotes(text) + " is not a function name",
               .hint = std::string(hint)};
}

}  // namespace

Result<FunctionName> parse_function_name(std::string_view text) {
  const std::size_t at = text.find('@');
  const std::string_view name = text.substr(0, at);
  if (!is_name(name)) {
    return malformed(text, "write name@version; a name is 1 to 128 letters, digits or any of _.-");
  }
  if (at == std::string_view::npos) return FunctionName{.name = std::string(name), .version = 1};
  const auto version = version_of(text.substr(at + 1));
  if (!version) {
    return malformed(text, "the version after @ is a whole number from 1 on, for example " +
                             std::string(name) + "@1");
  }
  return FunctionName{.name = std::string(name), .version = *version};
}

std::string to_string(const FunctionName& name) {
  return fmt::format("{}@{}", name.name, name.version);
}

FunctionName checked_name(std::string_view name, const TaskOptions& options) {
  auto parsed = parse_function_name(name);
  if (!parsed) throw Exception(std::move(parsed).error());
  if (auto found = problems(options); !found.empty()) {
    throw Exception(Error{.code = Errc::invalid_argument,
                          .message = "function " + to_string(*parsed) + " has options out of range",
                          .causes = std::move(found)});
  }
  return std::move(*parsed);
}

}  // namespace weft
