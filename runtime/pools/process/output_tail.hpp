#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace weft {

/// Bytes from outside as text that a terminal, a log and JSON take: lines and tabs stay, control
/// characters and what is not UTF-8 become `\x1b`.
[[nodiscard]] std::string printable_text(std::string_view bytes);

/// Keeps the last bytes of an output, whatever was written before. Not thread-safe.
class OutputTail {
public:
  /// @param size bytes that are kept
  explicit OutputTail(std::size_t size) : size_(size) {}

  void add(std::string_view bytes);

  /// What was kept, as printable text; from the beginning of a line where something is missing
  /// before it.
  [[nodiscard]] std::string text() const;

private:
  std::size_t size_;
  std::string bytes_;  ///< Up to twice of what is kept, so that old bytes go rarely.
  bool cut_ = false;   ///< Something went.
};

/// Cuts an output into lines. Not thread-safe.
class LineSplitter {
public:
  using OnLine = std::function<void(std::string_view)>;

  /// @param on_line takes each line as printable text, without its end
  explicit LineSplitter(OnLine on_line) : on_line_(std::move(on_line)) {}

  void add(std::string_view bytes);

  /// Hands out a last line that has no end.
  void finish();

private:
  void hand_out();

  OnLine on_line_;
  std::string rest_;
};

}  // namespace weft
