#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/importers/problem_list.hpp"
#include "weft/workflow/importers/trace.hpp"

namespace weft {

/// A task as a file states it: other tasks and files by name. The text belongs to the file's
/// document.
struct StatedTask {
  std::string_view name;
  std::optional<std::string_view> alias;  ///< Another name by which others may refer to it.
  std::string category;
  Nanos runtime{};
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::optional<std::vector<std::string_view>> parents;   ///< Nothing when the file does not say.
  std::optional<std::vector<std::string_view>> children;  ///< Nothing when the file does not say.
};

struct RecordedFile {
  std::string_view name;
  Bytes size;
};

/// A workflow as a file states it.
struct RecordedTrace {
  std::string name;
  std::vector<StatedTask> tasks;
  std::vector<RecordedFile> files;
};

/// Replaces the names in `recorded` by indexes. Each duplicate, unknown or contradicting name and
/// each cycle becomes a problem; what is returned is a trace only if there is none.
[[nodiscard]] Trace link_trace(RecordedTrace recorded, ProblemList& problems);

}  // namespace weft
