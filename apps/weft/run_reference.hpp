#pragma once

#include <memory>
#include <span>
#include <string>

#include "weft/apps/weft/run_timeline.hpp"
#include "weft/runtime/configuration.hpp"
#include "weft/storage/history/history_store.hpp"

namespace weft::cli {

/// Where past runs are kept, and the runs in it that users ask for.
class RunArchive {
public:
  /// Opens the history that the configuration names, unless it is a file that is not there yet.
  /// Throws `Exception` with `history_unavailable` or `invalid_config`.
  explicit RunArchive(const Configuration& configuration);

  /// The file of the history, or its URL.
  [[nodiscard]] const std::string& file() const { return file_; }

  /// Newest first. @param workflow empty: of all workflows
  [[nodiscard]] std::vector<RunRecord> runs(std::size_t limit, const std::string& workflow) const;

  /// The run that `reference` names: an id, the beginning of one, or `last`. Throws `Exception`
  /// with `run_unknown` when there is none or more than one.
  [[nodiscard]] RunRecord find(const std::string& reference) const;

  /// All that is kept of a run.
  [[nodiscard]] RunHistory read(const RunRecord& record) const;

private:
  std::string file_;
  std::shared_ptr<HistoryStore> store_;  ///< Nothing when there is no file yet.
};

/// The first of some ids, with commas between them.
[[nodiscard]] std::string listed_ids(std::span<const RunId> runs);

/// All that a history holds of a run. Throws `Exception` when it cannot be read.
[[nodiscard]] RunHistory read_run(const HistoryStore& store, const RunRecord& record);

}  // namespace weft::cli
