#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "runtime/registry_of.hpp"
#include "weft/runtime/engine.hpp"

namespace weft::test {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

inline const Function pass{"pass@1", [](int x) { return x; }};
inline const Function twice{"twice@1", [](int x) { return 2 * x; }};
inline const Function upto{"upto@1", [](int n) {
                             std::vector<int> all;
                             for (int i = 0; i < n; ++i) all.push_back(i);
                             return all;
                           }};
inline const Function add{"add@1", [](int x, int y) { return x + y; }};

/// A point that a function passes when the test lets it, and where the test can wait for it.
class Gate {
public:
  /// Called by the function.
  void pass() {
    reached_.count_down();
    open_.wait();
  }
  void open() { open_.count_down(); }
  void wait_until_reached() { reached_.wait(); }

private:
  std::latch reached_{1};
  std::latch open_{1};
};

/// Options of an engine with a number of slots and no history.
inline EngineOptions with_slots(std::uint32_t slots) {
  EngineOptions options;
  options.pool.slots = slots;
  options.recorder.history = "";
  return options;
}

/// A workflow of one task.
template <class Callable, class... Args>
weft::Run<typename Function<Callable>::Output> submit_one(Engine& engine,
                                                          const Function<Callable>& function,
                                                          Args&&... args) {
  Workflow workflow{"one"};
  const auto future = workflow.task(function, std::forward<Args>(args)...);
  workflow.name(future, "only");
  return engine.submit(std::move(workflow), future);
}

}  // namespace weft::test
