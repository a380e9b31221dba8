#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "weft/workflow/error.hpp"

namespace weft {

/// A word that a worker process writes and its node reads, also after the process has died: one
/// more than the number of the task that it is calling, else 0.
using RunningWord = std::shared_ptr<std::atomic<std::uint32_t>>;

/// The node's side.
class RunningPage {
public:
  [[nodiscard]] static Result<RunningPage> create();
  ~RunningPage();
  RunningPage(RunningPage&& other) noexcept;
  RunningPage& operator=(RunningPage&& other) noexcept;

  /// Where another process of this machine and user finds it.
  [[nodiscard]] std::string path() const;
  [[nodiscard]] std::uint32_t word() const { return word_->load(std::memory_order_relaxed); }

private:
  RunningPage(int descriptor, RunningWord word) : descriptor_(descriptor), word_(std::move(word)) {}

  int descriptor_;
  RunningWord word_;
};

/// The worker's side. Fails with `io_failed`.
[[nodiscard]] Result<RunningWord> open_running_page(const std::string& path);

}  // namespace weft
