#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/sample_workflow.hpp"
#include "weft/actors/run_context.hpp"
#include "weft/storage/run_store.hpp"

namespace weft::test {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A workflow that is written, placed by hand, and then met by one core as a run in which it has a
/// part.
class OneCore : public testing::Test {
protected:
  Workflow workflow{"sample"};

  /// Freezes the workflow. All tasks are on worker 0, equally urgent, until the test places them.
  void freeze(std::uint32_t workers = 1) {
    context->id = RunId{7};
    context->graph = sample::freeze(workflow);
    plan = sample::plan(*context->graph, workers);
    context->plan = plan;
    context->optimizations = std::make_shared<const OptimizationCatalogue>(
      std::vector<std::shared_ptr<const Optimization>>{});
  }

  void place(const AnyFuture& future, WorkerId worker) {
    plan->placements[future.task().number()].worker = worker;
  }
  void rank(const AnyFuture& future, float rank) {
    plan->placements[future.task().number()].rank = rank;
  }

  /// What a store would answer to a claim.
  static Grant grant(const AnyFuture& future, std::vector<Value> inputs = {}) {
    Grant grant{.task = future.task(), .template_task = future.task(), .fence = Fence{1}};
    for (Value& input : inputs) grant.inputs.add(std::move(input));
    return grant;
  }

  std::shared_ptr<RunContext> context = std::make_shared<RunContext>();
  std::shared_ptr<Plan> plan;
};

}  // namespace weft::test
