#pragma once

#include <string>
#include <utility>
#include <vector>

#include "weft/workflow/function.hpp"

namespace weft::test {

/// The context of a task that runs outside of an engine. Waits end at once; what the task reports
/// is kept for the test to read.
class StubContext final : public TaskContext {
public:
  std::stop_source stop;
  std::vector<std::pair<double, std::string>> reports;
  std::vector<Nanos> waits;

  [[nodiscard]] std::stop_token stop_token() const override { return stop.get_token(); }
  [[nodiscard]] std::uint32_t attempt() const override { return 3; }
  [[nodiscard]] std::string task_name() const override { return "stub"; }
  [[nodiscard]] std::vector<std::uint32_t> rows() const override { return {}; }
  [[nodiscard]] RunId run() const override { return RunId{7}; }

  void report(double fraction, std::string_view note) override {
    reports.emplace_back(fraction, note);
  }
  bool sleep_for(Nanos duration) override {
    waits.push_back(duration);
    return !stop.stop_requested();
  }
};

}  // namespace weft::test
