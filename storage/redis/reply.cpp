#include "weft/storage/redis/reply.hpp"

#include <charconv>

namespace weft::redis {

namespace {

/// Enough to recognize an answer by.
constexpr std::size_t elements_shown = 8;

}  // namespace

const Reply& Reply::operator[](std::size_t index) const {
  static const Reply nil;
  return index < elements_.size() ? elements_[index] : nil;
}

Result<std::int64_t> Reply::as_integer() const {
  if (kind_ == Kind::integer) return integer_;
  std::int64_t number = 0;
  const char* const end = text_.data() + text_.size();
  const auto [stop, failure] = std::from_chars(text_.data(), end, number);
  if (kind_ == Kind::text && failure == std::errc{} && stop == end) return number;
  return Error{.code = Errc::decode_failed,
               .message = "Redis answered " + to_string(*this) + " where a number was expected"};
}

std::string to_string(const Reply& reply) {
  switch (reply.kind()) {
    case Reply::Kind::nil:
      return "nil";
    case Reply::Kind::integer:
      return std::to_string(reply.integer());
    case Reply::Kind::status:
    case Reply::Kind::text:
      return in_quotes(reply.text());
    case Reply::Kind::error:
      return "the error " + in_quotes(reply.text());
    case Reply::Kind::array:
      break;
  }
  std::string text = "[";
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (i > 0) text += ", ";
    if (i == elements_shown) {
      text += "and " + std::to_string(reply.size() - i) + " more";
      break;
    }
    // Not the arrays of arrays of arrays: a hostile answer would have thousands.
    const std::string several = std::to_string(reply[i].size()) + " elements";
    text += reply[i].is_array() ? several : to_string(reply[i]);
  }
  return text + "]";
}

}  // namespace weft::redis
