#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "weft/apps/weft/json_text.hpp"
#include "weft/runtime/pipeline.hpp"

namespace weft::cli {

/// Which tasks of a run were kept from an earlier one, and why the others ran.
///
/// Thread-safe.
class KeptTasks {
public:
  void add(const CommandDecision& decision);

  /// For people; empty when nothing was told. Tasks of one foreach that ran for one reason share a
  /// line.
  /// @param from the earlier run
  /// @param all every line, however many
  [[nodiscard]] std::string text(const std::string& from, bool all) const;

  /// A record for each task.
  [[nodiscard]] Json json() const;

private:
  mutable std::mutex mutex_;
  std::vector<CommandDecision> decisions_;
};

}  // namespace weft::cli
