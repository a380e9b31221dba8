#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "weft/workflow/ids.hpp"
#include "weft/workflow/value.hpp"

namespace weft {

/// Outputs that are written in parts: the parts until the task commits, and where they were in the
/// output afterwards.
///
/// Owned by `MemoryRun`; not thread-safe.
class OutputChunks {
public:
  /// Adds chunk `index` of the attempt that is running. One that is there already is not replaced,
  /// so that it may be sent twice. Fails with `invalid_argument` when it would leave a gap.
  [[nodiscard]] Result<void> put(TaskId task, std::uint32_t index, Blob bytes);

  [[nodiscard]] std::uint32_t count(TaskId task) const;

  /// Joins the chunks of a task that commits into its output.
  [[nodiscard]] Value join(TaskId task);

  /// Chunks from `first` on. @param output the joined output; missing before the commit
  [[nodiscard]] std::vector<Blob> read(TaskId task, std::uint32_t first, const Value& output) const;

  /// Forgets the chunks of a task: its attempt has ended or its output was released.
  void drop(TaskId task) {
    if (!outputs_.empty()) outputs_.erase(task);
  }

  void clear() { outputs_.clear(); }

private:
  struct Parts {
    std::vector<Blob> blobs;        ///< Until the commit.
    std::vector<std::size_t> ends;  ///< From the commit on: where each one ends in the output.
  };

  std::unordered_map<TaskId, Parts> outputs_;
};

}  // namespace weft
