#pragma once

#include <string>
#include <string_view>

namespace weft::cli {

/// Whether text for people may carry colours, and characters beyond ASCII.
struct TextStyle {
  bool color = false;
  bool unicode = false;

  [[nodiscard]] std::string bold(std::string_view text) const { return in("1", text); }
  [[nodiscard]] std::string dim(std::string_view text) const { return in("2", text); }
  [[nodiscard]] std::string red(std::string_view text) const { return in("31", text); }
  [[nodiscard]] std::string green(std::string_view text) const { return in("32", text); }
  [[nodiscard]] std::string yellow(std::string_view text) const { return in("33", text); }
  [[nodiscard]] std::string cyan(std::string_view text) const { return in("36", text); }

private:
  /// @param code of the terminal's "select graphic rendition"
  [[nodiscard]] std::string in(std::string_view code, std::string_view text) const;
};

/// Columns that the text takes on a terminal: code points, colours left out.
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// The text, or its beginning and an ellipsis when it takes more than `columns`.
[[nodiscard]] std::string cut_to(std::string_view text, std::size_t columns,
                                 const TextStyle& style);

/// The text, or its ends around an ellipsis: names made by programs often begin alike.
[[nodiscard]] std::string cut_middle(std::string_view text, std::size_t columns,
                                     const TextStyle& style);

/// Text from outside without control characters, which could move a terminal's cursor.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace weft::cli
