#pragma once

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>

namespace weft::test {

/// Catches what is logged while it lives. Nobody may log when it ends.
class CaughtLog {
public:
  CaughtLog() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("caught", sink_));
  }
  ~CaughtLog() { spdlog::set_default_logger(before_); }

  CaughtLog(const CaughtLog&) = delete;
  CaughtLog& operator=(const CaughtLog&) = delete;

  /// So far; others may be logging.
  [[nodiscard]] std::string text() const { return sink_->text(); }

private:
  class Sink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    std::string text() {
      const std::lock_guard lock{mutex_};
      return text_;
    }

  private:
    void sink_it_(const spdlog::details::log_msg& message) override {
      spdlog::memory_buf_t line;
      formatter_->format(message, line);
      text_.append(line.data(), line.size());
    }
    void flush_() override {}

    std::string text_;
  };

  std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
  std::shared_ptr<spdlog::logger> before_;
};

}  // namespace weft::test
