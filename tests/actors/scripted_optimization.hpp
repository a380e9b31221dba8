#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "weft/planning/optimization.hpp"

namespace weft::test {

/// An optimization that owns the stages, and answers the decisions, that a test gives it.
class ScriptedOptimization final : public Optimization {
public:
  explicit ScriptedOptimization(std::vector<Stage> stages, std::string name = "scripted")
    : name_(std::move(name)), stages_(std::move(stages)) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::vector<Stage> stages() const override { return stages_; }

  [[nodiscard]] AcquireDecision acquire_inputs(const StageView&) const override {
    misbehave(Stage::acquire_inputs);
    return acquire;
  }
  [[nodiscard]] ExecuteDecision execute(const StageView&, const Inputs&) const override {
    misbehave(Stage::execute);
    return {.output = output};
  }
  [[nodiscard]] PublishDecision publish_output(const StageView&, const Value&) const override {
    misbehave(Stage::publish_output);
    return publish;
  }
  [[nodiscard]] CountDownDecision count_down(const StageView&, const Value&) const override {
    misbehave(Stage::count_down);
    return {.claim = claim};
  }
  [[nodiscard]] HandOverDecision hand_over(const StageView&, const Value&,
                                           TaskId child) const override {
    misbehave(Stage::hand_over);
    const bool keeps = std::ranges::find(keep, child) != keep.end();
    return keeps ? HandOverDecision::keep : HandOverDecision::as_planned;
  }

  AcquireDecision acquire = AcquireDecision::all;
  Value output;
  PublishDecision publish = PublishDecision::as_needed;
  CountDownDecision::Claim claim = CountDownDecision::Claim::own;
  std::vector<TaskId> keep;
  std::optional<Stage> throws_in;

private:
  void misbehave(Stage stage) const {
    if (stage == throws_in) throw std::runtime_error("as told");
  }

  std::string name_;
  std::vector<Stage> stages_;
};

}  // namespace weft::test
