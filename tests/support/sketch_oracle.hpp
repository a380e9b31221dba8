#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "support/random_workflow.hpp"

namespace weft::test {

/// What a task returns, as the oracle sees it.
using Datum = std::variant<Nothing, Number, Numbers, Lists, std::optional<Number>>;

/// What a run of a sketch comes to when tasks that do not need a failed one go on.
struct Tally {
  std::uint64_t total = 0;
  std::uint64_t committed = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t retries = 0;
  std::uint64_t calls = 0;  ///< Of user functions.
};

/// Evaluates a sketch by a plain recursion: no engine, no graph, no scheduling.
class SketchOracle {
public:
  explicit SketchOracle(const Sketch& sketch) : sketch_(sketch) {}

  [[nodiscard]] Tally tally();

  /// Output of a node of scope 0; nothing when it fails or is skipped.
  [[nodiscard]] const std::optional<Datum>& output(std::uint32_t node);

private:
  using Rows = std::vector<std::uint32_t>;  ///< One for each scope, outermost first.

  enum class Ending : std::uint8_t { committed, failed, skipped };
  struct Outcome {
    Ending ending = Ending::committed;
    std::optional<Datum> datum;
  };

  const Outcome& outcome(std::uint32_t node, const Rows& rows);
  Outcome evaluate(std::uint32_t node, const Rows& rows);
  Outcome compute(const SketchNode& node, const std::vector<Datum>& arguments) const;
  std::optional<Datum> argument(const Operand& operand, const Rows& rows);
  std::optional<Datum> gathered(std::uint32_t node, const Rows& rows);
  std::optional<Datum> item(std::uint32_t scope, const Rows& rows);
  void count(std::uint32_t scope, const Rows& rows, Tally& tally);
  void count_node(std::uint32_t node, const Rows& rows, Tally& tally);

  /// The rows around a node of `scope`, out of those of somebody inside of it or of its own.
  Rows rows_of(std::uint32_t scope, const Rows& rows) const;
  static std::size_t length(const Datum& list);

  const Sketch& sketch_;
  std::map<std::pair<std::uint32_t, Rows>, Outcome> known_;
};

}  // namespace weft::test
