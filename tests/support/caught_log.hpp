#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>

namespace weft::test {

/// Catches what is logged while it lives. Thread-safe, but for `text` while somebody may log.
class CaughtLog {
public:
  CaughtLog() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "caught", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~CaughtLog() { spdlog::set_default_logger(before_); }

  CaughtLog(const CaughtLog&) = delete;
  CaughtLog& operator=(const CaughtLog&) = delete;

  [[nodiscard]] std::string text() const { return text_.str(); }

private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

}  // namespace weft::test
