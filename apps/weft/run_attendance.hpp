#pragma once

#include <memory>

#include "weft/apps/weft/stored_runs.hpp"
#include "weft/workflow/units.hpp"

namespace weft::cli {

/// Whether anybody works at a run in a store: asked again and again, without waiting for the
/// answers. Used by one thread.
class RunAttendance {
public:
  /// @pre `runs` lives longer
  RunAttendance(StoredRuns& runs, RunId run);

  /// Asks when it is time to.
  void look(TimePoint now);

  /// Whether no lease has been alive at the last looks. One alone may meet the moment before a node
  /// takes the run over.
  [[nodiscard]] bool deserted() const;

  [[nodiscard]] RunId run() const { return run_; }

private:
  struct Answers;

  StoredRuns& runs_;
  RunId run_;
  TimePoint next_{};
  std::shared_ptr<Answers> answers_;  ///< Shared with the question that is under way.
};

}  // namespace weft::cli
