#include "weft/workflow/generators/trace_builder.hpp"

#include <utility>

#include <fmt/format.h>

#include "weft/workflow/check.hpp"

namespace weft {

FileRef TraceBuilder::given(std::string name, const Spread& bytes) {
  return add(std::move(name), bytes, nobody);
}

void TraceBuilder::task(const GeneratedKind& kind) {
  const auto runtime = std::chrono::milliseconds{draws_.within(kind.runtime_ms)};
  trace_.tasks.push_back({.name = fmt::format("{}_ID{:07}", kind.category, trace_.tasks.size() + 1),
                          .category = std::string(kind.category),
                          .runtime = runtime});
  readers_.push_back(nobody);
}

void TraceBuilder::reads(FileRef file) {
  check(!trace_.tasks.empty(), "a task was begun");
  const auto reader = static_cast<std::uint32_t>(trace_.tasks.size() - 1);
  trace_.tasks[reader].inputs.push_back(file.number());
  const std::uint32_t writer = writers_[file.number()];
  if (writer == nobody || std::exchange(readers_[writer], reader) == reader) return;
  check(writer != reader, "no task reads what it writes");
  trace_.tasks[reader].parents.push_back(writer);
}

void TraceBuilder::reads(const std::vector<FileRef>& files) {
  for (const FileRef file : files) reads(file);
}

FileRef TraceBuilder::writes(std::string_view suffix, const Spread& bytes) {
  check(!trace_.tasks.empty(), "a task was begun");
  const auto writer = static_cast<std::uint32_t>(trace_.tasks.size() - 1);
  const FileRef file = add(fmt::format("{}.{}", trace_.tasks[writer].name, suffix), bytes, writer);
  trace_.tasks[writer].outputs.push_back(file.number());
  return file;
}

std::uint64_t TraceBuilder::bytes_of(FileRef file) const {
  return trace_.files[file.number()].size.count;
}

std::uint64_t TraceBuilder::bytes_of(const std::vector<FileRef>& files) const {
  std::uint64_t sum = 0;
  for (const FileRef file : files) sum += bytes_of(file);
  return sum;
}

FileRef TraceBuilder::add(std::string name, const Spread& bytes, std::uint32_t writer) {
  const auto index = static_cast<std::uint32_t>(trace_.files.size());
  trace_.files.push_back({.name = std::move(name), .size = {draws_.within(bytes)}});
  writers_.push_back(writer);
  return FileRef{index};
}

}  // namespace weft
