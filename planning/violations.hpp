#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "weft/workflow/error.hpp"

namespace weft {

/// Collects all that is wrong with a plan, so that it is reported at once. Beyond a bound,
/// violations are counted and not kept.
class Violations {
public:
  static constexpr std::size_t max_kept = 100;

  void add(Error error) {
    if (kept_.size() < max_kept) kept_.push_back(std::move(error));
    ++count_;
  }

  /// Success when there is none; the error itself when there is one; else an error that names all.
  [[nodiscard]] Result<void> result() && {
    if (count_ == 0) return {};
    if (count_ == 1) return std::move(kept_.front());
    const Errc code = kept_.front().code;
    std::string message = "the plan has " + std::to_string(count_) + " problems";
    if (count_ > max_kept) {
      message += ", of which the first " + std::to_string(max_kept) + " follow";
    }
    return Error{.code = code, .message = std::move(message), .causes = std::move(kept_)};
  }

private:
  std::vector<Error> kept_;
  std::size_t count_ = 0;
};

}  // namespace weft
