#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "runtime/registry_of.hpp"
#include "weft/runtime/harness.hpp"

namespace weft::test {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// An engine in virtual time whose functions may note when they are called.
class OnVirtualTime : public testing::Test {
protected:
  /// Makes the harness. Functions are added to `registry` before.
  Harness& start(EngineOptions options = {.pool = {.slots = 1}}) {
    harness_ = std::make_unique<Harness>(std::exchange(registry, {}),
                                         HarnessOptions{.seed = 7, .engine = std::move(options)});
    return *harness_;
  }
  Harness& harness() { return *harness_; }

  [[nodiscard]] Nanos now() const { return harness_->now(); }

  /// The events of one kind, as they stand in the log.
  [[nodiscard]] std::vector<std::string> events(RunId run, const std::string& kind) const {
    std::vector<std::string> found;
    std::istringstream log{harness_->event_log(run)};
    for (std::string line; std::getline(log, line);) {
      if (line.find("\"" + kind + "\"") != std::string::npos) found.push_back(line);
    }
    return found;
  }

  Registry registry;

private:
  std::unique_ptr<Harness> harness_;
};

}  // namespace weft::test
