#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weft/workflow/units.hpp"

namespace weft {

/// A file that tasks of a recorded workflow wrote or read.
struct TraceFile {
  std::string name;  ///< As recorded; unique in the trace.
  Bytes size;

  friend bool operator==(const TraceFile&, const TraceFile&) = default;
};

/// One task of a recorded workflow: what it took, read, wrote and waited for.
struct TraceTask {
  std::string name;      ///< As recorded; unique in the trace.
  std::string category;  ///< What kind of task it is: the program, or the process.
  Nanos runtime{};
  std::vector<std::uint32_t> inputs;   ///< Indexes into `Trace::files`, each once.
  std::vector<std::uint32_t> outputs;  ///< Indexes into `Trace::files`, each once.
  std::vector<std::uint32_t> parents;  ///< Indexes into `Trace::tasks`, each once.

  friend bool operator==(const TraceTask&, const TraceTask&) = default;
};

/// A workflow as it was once executed elsewhere.
///
/// A plain value: made by importers, turned into a workflow by `replay`. Importers promise that
/// every index is in range and that no task waits for itself.
struct Trace {
  std::string name;
  std::vector<TraceTask> tasks;
  std::vector<TraceFile> files;

  /// Pairs of a task and one of its parents.
  [[nodiscard]] std::size_t edge_count() const {
    std::size_t edges = 0;
    for (const TraceTask& task : tasks) edges += task.parents.size();
    return edges;
  }

  friend bool operator==(const Trace&, const Trace&) = default;
};

}  // namespace weft
