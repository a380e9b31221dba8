#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "weft/apps/weft/command_line.hpp"
#include "weft/apps/weft/progress_meter.hpp"
#include "weft/apps/weft/run_attendance.hpp"
#include "weft/runtime/run.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::cli {

/// Which way progress is shown.
enum class ProgressStyle : std::uint8_t { none, lines, bar };

/// How this command shows progress: as the user chose, or as its terminal allows.
[[nodiscard]] ProgressStyle progress_style(const Session& session);

/// Shows how a run goes until it ends, and cancels it when the user asks, or when its events cannot
/// be written any more. Used by one thread; only `request_cancel` may be called by others.
class RunWatch {
public:
  /// @param attendance of a run whose workers are elsewhere; nothing: they are here
  RunWatch(Session& session, std::shared_ptr<RunHandle> run, const Graph& graph,
           RunAttendance* attendance = nullptr);
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;
  ~RunWatch();

  /// Returns when the run has ended and its last event was shown. Answers false when it was left
  /// before.
  bool wait();

  /// Makes `wait` cancel the run soon. Any thread may call it.
  void request_cancel() { cancel_requested_ = true; }

  /// Makes `wait` return soon; the run goes on. Any thread may call it.
  void request_leave() { leave_requested_ = true; }

private:
  void on_event(const RunEvent& event);
  void print_start(const Graph& graph);
  void print_line(const std::string& line);
  [[nodiscard]] std::string text_of_event(const RunEvent& event) const;
  void cancel_when_asked();
  void look_after_workers();
  void show_progress();
  void show_notes();
  void erase_bar();
  void wait_for_last_event();

  Session& session_;
  std::shared_ptr<RunHandle> run_;
  std::string workflow_;
  ProgressStyle style_;
  SystemClock clock_;
  TimePoint started_ = clock_.now();
  Nanos next_line_{};
  TimePoint submitted_{};               ///< Of the run, by the clock of this process.
  std::optional<ProgressMeter> meter_;  ///< Nothing before the first look.
  RunAttendance* attendance_;
  bool desertion_told_ = false;
  std::size_t bar_columns_ = 0;  ///< Of the bar on the screen; 0: none.
  std::uint64_t subscription_ = 0;
  std::atomic<bool> cancel_requested_ = false;
  std::atomic<bool> leave_requested_ = false;
  bool cancelling_ = false;
  bool unwritable_ = false;  ///< Used by the thread of the events, once there is one.

  std::mutex mutex_;  ///< Guards what follows: events come on a thread of their own.
  std::condition_variable ended_changed_;
  bool ended_ = false;
  std::deque<std::string> notes_;
  std::size_t dropped_notes_ = 0;
  std::string write_failure_;  ///< Why events cannot be written; empty while they can.
};

}  // namespace weft::cli
