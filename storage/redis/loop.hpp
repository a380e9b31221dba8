#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "weft/workflow/clock.hpp"
#include "weft/workflow/units.hpp"

namespace weft::redis {

/// One alarm on the I/O thread. Its owner outlives the loop's last turn.
class Timer {
public:
  explicit Timer(boost::asio::io_context& context) : timer_(context) {}

  /// Calls `action` once `delay` has passed; one that was set before is forgotten.
  template <class Action>
  void after(Nanos delay, Action action) {
    timer_.expires_after(delay);
    // An alarm that was due when it was cancelled comes all the same, as of an older setting.
    timer_.async_wait([this, setting = ++setting_, action = std::move(action)](auto failure) {
      if (!failure && setting == setting_) action();
    });
  }

  void cancel() {
    ++setting_;
    timer_.cancel();
  }

private:
  boost::asio::steady_timer timer_;
  std::uint64_t setting_ = 0;
};

/// What the I/O thread runs: handlers one by one, each with what follows from it: a turn.
///
/// `post` and `is_here` are thread-safe; all else belongs to the I/O thread.
class Loop {
public:
  Loop() : context_(1), work_(context_.get_executor()), alarm_(context_) {}

  [[nodiscard]] boost::asio::io_context& context() { return context_; }

  /// Runs until the loop is closed and all that was begun has ended. `end_of_turn` is called after
  /// each handler, whatever it did.
  void run(const std::function<void()>& end_of_turn);

  /// Whether this is the thread that runs the loop.
  [[nodiscard]] bool is_here() const;

  template <class Function>
  void post(Function function) {
    boost::asio::post(context_, std::move(function));
  }

  void run_after(Nanos delay, std::function<void()> function);

  /// Lets `run` return. Drops what was to run later, and is to from now on.
  void close();

  [[nodiscard]] TimePoint now() const { return SystemClock{}.now(); }

  // -- what callbacks of users leave behind -------------------------------------------------------

  void note_callback() { has_called_back_ = true; }
  [[nodiscard]] bool take_callbacks() { return std::exchange(has_called_back_, false); }

private:
  void set_alarm();
  void run_what_is_due();

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::multimap<TimePoint, std::function<void()>> later_;
  Timer alarm_;
  bool has_called_back_ = false;
  bool is_closed_ = false;
};

}  // namespace weft::redis
