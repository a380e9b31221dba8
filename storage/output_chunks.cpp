#include "weft/storage/output_chunks.hpp"

#include <fmt/format.h>

namespace weft {

Result<void> OutputChunks::put(TaskId task, std::uint32_t index, Blob bytes) {
  std::vector<Blob>& blobs = outputs_[task].blobs;
  if (index > blobs.size()) {
    return Error{.code = Errc::invalid_argument,
                 .message = fmt::format("chunk {} of task number {} came before chunk {}", index,
                                        task.number(), blobs.size()),
                 .hint = "put the chunks of an output in order, counted from 0"};
  }
  if (index == blobs.size()) blobs.push_back(std::move(bytes));
  return {};
}

std::uint32_t OutputChunks::count(TaskId task) const {
  const auto found = outputs_.find(task);
  return found == outputs_.end() ? 0 : static_cast<std::uint32_t>(found->second.blobs.size());
}

Value OutputChunks::join(TaskId task) {
  Parts& parts = outputs_[task];
  std::size_t size = 0;
  for (const Blob& blob : parts.blobs) parts.ends.push_back(size += blob.size());
  Blob whole;
  whole.reserve(size);
  for (const Blob& blob : parts.blobs) whole += blob;
  parts.blobs = {};
  return Value::encoded(std::move(whole));
}

std::vector<Blob> OutputChunks::read(TaskId task, std::uint32_t first, const Value& output) const {
  const auto found = outputs_.find(task);
  if (found == outputs_.end()) return {};
  const Parts& parts = found->second;
  if (output.missing()) {
    if (first >= parts.blobs.size()) return {};
    return {parts.blobs.begin() + first, parts.blobs.end()};
  }
  const auto whole = output.encoding();
  check(whole.has_value(), "an output that came in chunks is encoded");
  std::vector<Blob> chunks;
  for (std::size_t i = first; i < parts.ends.size(); ++i) {
    const std::size_t begin = i == 0 ? 0 : parts.ends[i - 1];
    chunks.emplace_back(whole->substr(begin, parts.ends[i] - begin));
  }
  return chunks;
}

}  // namespace weft
