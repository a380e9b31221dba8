#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/workflow/generators/draws.hpp"
#include "weft/workflow/ids.hpp"
#include "weft/workflow/importers/trace.hpp"

namespace weft {

/// A file of a trace that is being built.
using FileRef = Id<struct FileRefTag>;

/// A kind of task: the program that it runs, and how long that takes.
struct GeneratedKind {
  std::string_view category;
  Spread runtime_ms;
};

/// Builds a trace task by task. A task takes files of the tasks before it, so that what is built
/// has no cycle. Tasks are called `category_ID0000001`, counted over the trace, and their files
/// `task.suffix`, so that all names are unique.
class TraceBuilder {
public:
  TraceBuilder(std::string name, std::uint64_t seed) : draws_(seed) {
    trace_.name = std::move(name);
  }

  [[nodiscard]] Draws& draws() { return draws_; }

  /// A file that was there before. @param name unique among these, and without `_ID`
  FileRef given(std::string name, const Spread& bytes);

  /// Begins the next task, of which the calls that follow speak.
  void task(const GeneratedKind& kind);
  /// The task reads the file, and comes after the one that wrote it.
  void reads(FileRef file);
  void reads(const std::vector<FileRef>& files);
  /// The task writes a file.
  FileRef writes(std::string_view suffix, const Spread& bytes);

  [[nodiscard]] std::uint64_t bytes_of(FileRef file) const;
  [[nodiscard]] std::uint64_t bytes_of(const std::vector<FileRef>& files) const;

  /// What was built. The builder is empty then.
  [[nodiscard]] Trace take() && { return std::move(trace_); }

private:
  static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

  FileRef add(std::string name, const Spread& bytes, std::uint32_t writer);

  Draws draws_;
  Trace trace_;
  std::vector<std::uint32_t> writers_;  ///< Of each file; `nobody`: it was there before.
  std::vector<std::uint32_t> readers_;  ///< The newest task that comes after each task.
};

}  // namespace weft
