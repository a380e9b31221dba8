#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "weft/workflow/generators/generator.hpp"

namespace weft::test {

/// A generated workflow and what tests ask of it.
class ShapeFacts {
public:
  explicit ShapeFacts(const GeneratorOptions& options) : trace_(generate(options).value()) {
    for (const TraceTask& task : trace_.tasks) ++count_[task.category];
  }

  [[nodiscard]] const Trace& trace() const { return trace_; }
  [[nodiscard]] std::size_t count(const std::string& category) const {
    const auto found = count_.find(category);
    return found == count_.end() ? 0 : found->second;
  }
  [[nodiscard]] std::size_t size() const { return trace_.tasks.size(); }

  /// How many parents of each category a task has.
  using Parents = std::map<std::string, std::size_t>;
  [[nodiscard]] Parents parents_of(const TraceTask& task) const {
    Parents parents;
    for (const std::uint32_t parent : task.parents) ++parents[trace_.tasks[parent].category];
    return parents;
  }

  /// Expects every task of a category to have exactly these parents.
  void expect_parents(const std::string& category, const Parents& expected) const {
    EXPECT_GT(count(category), 0u) << category;
    for (const TraceTask& task : trace_.tasks) {
      if (task.category != category) continue;
      EXPECT_EQ(parents_of(task), expected) << task.name;
    }
  }

  /// The tasks of a category.
  [[nodiscard]] std::vector<const TraceTask*> all(const std::string& category) const {
    std::vector<const TraceTask*> found;
    for (const TraceTask& task : trace_.tasks) {
      if (task.category == category) found.push_back(&task);
    }
    return found;
  }

private:
  Trace trace_;
  std::map<std::string, std::size_t> count_;
};

}  // namespace weft::test
