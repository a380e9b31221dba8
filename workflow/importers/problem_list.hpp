#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "weft/workflow/error.hpp"

namespace weft {

/// The problems of one file while it is read: the first ones in full, the others as a number, so
/// that a hostile file cannot make the list itself a burden.
class ProblemList {
public:
  void add(std::string message, std::string hint = {}) {
    if (++count_ > max_listed) return;
    listed_.push_back(
      {.code = Errc::invalid_file, .message = std::move(message), .hint = std::move(hint)});
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }

  /// Whether further problems are only counted: no need to find words for them.
  [[nodiscard]] bool full() const { return count_ >= max_listed; }

  /// All of them as one error, whose message is `what: N problems`.
  [[nodiscard]] Error take(std::string_view what) && {
    std::string message = std::string(what) + ": " + std::to_string(count_);
    message += count_ == 1 ? " problem" : " problems";
    if (count_ > listed_.size()) message += ", of which the first are listed";
    return {
      .code = Errc::invalid_file, .message = std::move(message), .causes = std::move(listed_)};
  }

private:
  static constexpr std::size_t max_listed = 100;  // More than anybody mends in one go.

  std::vector<Error> listed_;
  std::size_t count_ = 0;
};

}  // namespace weft
