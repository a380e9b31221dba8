#pragma once

#include <cstdint>
#include <vector>

#include "weft/workflow/function.hpp"
#include "weft/workflow/importers/replay.hpp"

namespace weft {

/// What one replayed task does: the constant that its function is given.
struct ReplayStep {
  Nanos time{};
  ReplayOptions::Work work = ReplayOptions::Work::sleep;
  std::vector<std::vector<std::uint32_t>> reads;  ///< Of each input, the files that are read.
  std::uint64_t outside_bytes = 0;                ///< Read from files that no parent wrote.
  std::vector<std::uint64_t> output_bytes;        ///< Of each file that is returned.

  template <class Inspector>
  friend bool inspect(Inspector& f, ReplayStep& x) {
    return f.object(x).fields(f.field("time", x.time), f.field("work", x.work),
                              f.field("reads", x.reads), f.field("outside_bytes", x.outside_bytes),
                              f.field("output_bytes", x.output_bytes));
  }
};

/// The outputs of parents of which a task reads at least one file.
using ReplayInputs = std::vector<Shared<ReplayedFiles>>;

/// What every `replay.*` function does: reads, spends the time, returns the files. Fails with
/// `cancelled` when it is stopped meanwhile. Thread-safe.
[[nodiscard]] Result<ReplayedFiles> play(TaskContext& context, const ReplayStep& step,
                                         const ReplayInputs& inputs);

}  // namespace weft
