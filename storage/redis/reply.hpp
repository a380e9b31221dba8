#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/error.hpp"
#include "weft/workflow/units.hpp"

namespace weft::redis {

/// How much of one reply is believed. A reply beyond it ends the connection.
struct ReplyLimits {
  Bytes text_max{std::uint64_t{1} << 30};                   ///< Of one text; Redis' own is 512 MiB.
  Bytes reply_max{std::uint64_t{2} << 30};                  ///< All texts of one reply together.
  std::size_t elements_max = std::size_t{4} * 1024 * 1024;  ///< All elements of one reply together.
};

/// What Redis answered: a tree of at most seven levels. Moved, never copied.
///
/// A server is not trusted to answer in the shape that was expected: asking a reply for what it is
/// not yields 0, an empty text, no elements, or nil, and never fails.
class Reply {
public:
  enum class Kind : std::uint8_t { nil, integer, status, text, error, array };

  Reply() = default;
  explicit Reply(std::int64_t integer) : kind_(Kind::integer), integer_(integer) {}
  Reply(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  explicit Reply(std::vector<Reply> elements)
    : kind_(Kind::array), elements_(std::move(elements)) {}

  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&&) noexcept = default;

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_nil() const { return kind_ == Kind::nil; }
  [[nodiscard]] bool is_array() const { return kind_ == Kind::array; }
  /// An error inside of an array; one that is the whole answer is the call's `Error`.
  [[nodiscard]] bool is_error() const { return kind_ == Kind::error; }

  [[nodiscard]] std::int64_t integer() const { return integer_; }
  /// Of a text, a status or an error. Lives as long as the reply.
  [[nodiscard]] std::string_view text() const { return text_; }
  /// The text itself: a large one was read from the socket into this very string.
  [[nodiscard]] std::string take_text() { return std::move(text_); }

  [[nodiscard]] std::size_t size() const { return elements_.size(); }
  [[nodiscard]] std::span<const Reply> elements() const { return elements_; }
  [[nodiscard]] std::span<Reply> elements() { return elements_; }
  /// Nil beyond the end.
  [[nodiscard]] const Reply& operator[](std::size_t index) const;

  /// An integer, or a text that is one in decimal. Fails with `decode_failed`.
  [[nodiscard]] Result<std::int64_t> as_integer() const;

private:
  friend class ReplyReader;

  Kind kind_ = Kind::nil;
  std::int64_t integer_ = 0;
  std::string text_;
  std::vector<Reply> elements_;
};

/// The reply in one line, cut when it is long, for messages.
[[nodiscard]] std::string to_string(const Reply& reply);

}  // namespace weft::redis
