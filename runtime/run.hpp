#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weft/workflow/events.hpp"
#include "weft/workflow/future.hpp"
#include "weft/workflow/metrics.hpp"
#include "weft/workflow/value.hpp"

namespace weft {

/// What an engine keeps of a submitted run, behind `Run`.
class RunHandle {
public:
  virtual ~RunHandle() = default;

  [[nodiscard]] virtual RunId id() const = 0;

  /// Blocks until the run has ended, or its engine has: a detached run goes on then, and its result
  /// is an error that says so. Under the harness it plays the run instead of blocking.
  virtual void wait() = 0;

  /// As `wait`, for at most `timeout`. Answers whether the run has ended.
  virtual bool wait_for(Nanos timeout) = 0;

  /// Ends the run as cancelled. Answers whether it was still running.
  virtual bool cancel(std::string reason) = 0;

  /// How the run stands.
  [[nodiscard]] virtual RunRecord record() const = 0;

  /// An output that the run keeps: one that was asked for, or one with `keep_output`.
  /// Fails with the run's error if it did not succeed, with `input_missing` if it is not kept.
  [[nodiscard]] virtual Result<Value> output(TaskId task) = 0;

  using EventHandler = std::function<void(const RunEvent&)>;

  /// Calls `handler` with each event from the first on, in order, on a thread of its own. A slow
  /// handler loses progress events, never others. Answers a number for `unsubscribe`.
  virtual std::uint64_t subscribe(EventHandler handler) = 0;

  /// No call of the handler is under way or will come when this returns. Called by the handler
  /// itself, it returns at once; that call is the last.
  virtual void unsubscribe(std::uint64_t subscription) = 0;
};

/// A submitted run whose result is a `T`. Copies share the run; when the last one goes, the run
/// goes on and is cleaned up after its end.
///
/// Thread-safe.
template <class T>
class Run {
public:
  Run(std::shared_ptr<RunHandle> handle, TaskId output)
    : handle_(std::move(handle)), output_(output) {}

  [[nodiscard]] RunId id() const { return handle_->id(); }
  void wait() const { handle_->wait(); }
  [[nodiscard]] bool wait_for(Nanos timeout) const { return handle_->wait_for(timeout); }
  bool cancel(std::string reason = "cancelled by the client") const {
    return handle_->cancel(std::move(reason));
  }
  [[nodiscard]] RunRecord record() const { return handle_->record(); }

  /// Waits for the result. Fails with the error of the run.
  [[nodiscard]] Result<T> result() const {
    handle_->wait();
    return read<T>(output_);
  }

  /// Waits for the result. Throws `Exception` built from the error of the run.
  T get() const { return result().value(); }

  /// Waits, then reads another output of the workflow that the run keeps.
  template <class U>
  [[nodiscard]] Result<U> result_of(const Future<U>& future) const {
    handle_->wait();
    return read<U>(future.task());
  }

  std::uint64_t on_event(RunHandle::EventHandler handler) const {
    return handle_->subscribe(std::move(handler));
  }
  void unsubscribe(std::uint64_t subscription) const { handle_->unsubscribe(subscription); }

  [[nodiscard]] const std::shared_ptr<RunHandle>& handle() const { return handle_; }

private:
  template <class U>
  [[nodiscard]] Result<U> read(TaskId task) const {
    auto value = handle_->output(task);
    if (!value) return std::move(value).error();
    auto shared = value->template as<U>();
    if (!shared) return std::move(shared).error();
    return **shared;
  }

  std::shared_ptr<RunHandle> handle_;
  TaskId output_;
};

/// A run whose outputs nobody asked for: it succeeds or fails.
template <>
class Run<void> {
public:
  explicit Run(std::shared_ptr<RunHandle> handle) : handle_(std::move(handle)) {}

  [[nodiscard]] RunId id() const { return handle_->id(); }
  void wait() const { handle_->wait(); }
  [[nodiscard]] bool wait_for(Nanos timeout) const { return handle_->wait_for(timeout); }
  bool cancel(std::string reason = "cancelled by the client") const {
    return handle_->cancel(std::move(reason));
  }
  [[nodiscard]] RunRecord record() const { return handle_->record(); }

  /// Waits for the end. Fails with the error of the run.
  [[nodiscard]] Result<void> result() const;
  void get() const { result().value(); }

  /// Waits, then reads an output of the workflow that the run keeps: any sink.
  template <class U>
  [[nodiscard]] Result<U> result_of(const Future<U>& future) const {
    handle_->wait();
    auto value = handle_->output(future.task());
    if (!value) return std::move(value).error();
    auto shared = value->template as<U>();
    if (!shared) return std::move(shared).error();
    return **shared;
  }

  std::uint64_t on_event(RunHandle::EventHandler handler) const {
    return handle_->subscribe(std::move(handler));
  }
  void unsubscribe(std::uint64_t subscription) const { handle_->unsubscribe(subscription); }

  [[nodiscard]] const std::shared_ptr<RunHandle>& handle() const { return handle_; }

private:
  std::shared_ptr<RunHandle> handle_;
};

/// The error of a run that did not succeed: its first error, with the run named before it.
[[nodiscard]] Error error_of(const RunRecord& record);

}  // namespace weft
