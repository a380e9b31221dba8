#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "weft/actors/executor.hpp"
#include "weft/workflow/error.hpp"

namespace weft {

/// What a worker process is calling, which its node reads, also after the process has died: the
/// node's side.
class RunningPage {
public:
  [[nodiscard]] static Result<RunningPage> create();
  ~RunningPage();
  RunningPage(RunningPage&& other) noexcept;
  RunningPage& operator=(RunningPage&& other) noexcept;

  /// Where another process of this machine and user finds it.
  [[nodiscard]] std::string path() const;
  /// See `RunningCalls`.
  [[nodiscard]] std::uint32_t task() const { return calls_->task.load(std::memory_order_relaxed); }
  [[nodiscard]] bool calling() const { return calls_->count.load(std::memory_order_acquire) > 0; }

private:
  RunningPage(int descriptor, std::shared_ptr<RunningCalls> calls)
    : descriptor_(descriptor), calls_(std::move(calls)) {}

  int descriptor_;
  std::shared_ptr<RunningCalls> calls_;
};

/// The worker's side. Fails with `io_failed`.
[[nodiscard]] Result<std::shared_ptr<RunningCalls>> open_running_page(const std::string& path);

}  // namespace weft
