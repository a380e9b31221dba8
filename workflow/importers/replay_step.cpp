#include "weft/workflow/importers/replay_step.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "weft/workflow/clock.hpp"

namespace weft {

namespace {

/// Mixes every byte into `digest`. Each word waits for the one before it, so that no compiler can
/// leave one out: about the speed of reading memory.
std::uint64_t mix(std::uint64_t digest, std::string_view bytes) {
  constexpr std::uint64_t prime = 0x9e37'79b9'7f4a'7c15;  // 2^64 / golden ratio: odd, well mixed.
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), size);
    digest = (digest ^ word) * prime;
    bytes.remove_prefix(size);
  }
  return digest ^ (digest >> 32);
}

Error stopped() {
  return {.code = Errc::cancelled, .message = "the task was stopped while it was replayed"};
}

/// Reads what the step reads. Nothing when stopped meanwhile.
std::optional<std::uint64_t> read_all(const TaskContext& context, const ReplayStep& step,
                                      const ReplayInputs& inputs) {
  static const std::array<char, std::size_t{64} << 10> outside{};
  const std::stop_token stop = context.stop_token();
  std::uint64_t digest = 1;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (const std::uint32_t file : step.reads.at(i)) {
      if (stop.stop_requested()) return std::nullopt;
      digest = mix(digest, inputs[i]->at(file));
    }
  }
  for (std::uint64_t left = step.outside_bytes; left > 0;) {
    if (stop.stop_requested()) return std::nullopt;
    const auto size = std::min<std::uint64_t>(left, outside.size());
    digest = mix(digest, {outside.data(), size});
    left -= size;
  }
  return digest;
}

/// Keeps this thread's CPU busy. False when stopped meanwhile.
bool burn(const TaskContext& context, Nanos time) {
  const SystemClock clock;
  const std::stop_token stop = context.stop_token();
  const std::array<char, 4096> page{};
  const TimePoint end = clock.now() + time;
  volatile std::uint64_t digest = 1;
  while (clock.now() < end) {
    if (stop.stop_requested()) return false;
    digest = mix(digest, {page.data(), page.size()});  // About a microsecond.
  }
  return true;
}

bool spend(TaskContext& context, const ReplayStep& step) {
  if (step.time <= Nanos::zero()) return true;
  if (step.work == ReplayOptions::Work::burn) return burn(context, step.time);
  return context.sleep_for(step.time);
}

}  // namespace

Result<ReplayedFiles> play(TaskContext& context, const ReplayStep& step,
                           const ReplayInputs& inputs) {
  const auto digest = read_all(context, step, inputs);
  if (!digest || !spend(context, step)) return stopped();
  ReplayedFiles files;
  files.reserve(step.output_bytes.size());
  for (const std::uint64_t size : step.output_bytes) {
    const std::uint64_t content = mix(*digest + files.size(), context.task_name());
    files.emplace_back(size, static_cast<char>(content & 0xff));
  }
  return files;
}

}  // namespace weft
