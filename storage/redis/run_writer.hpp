#pragma once

#include <string>
#include <utility>
#include <vector>

#include "weft/storage/run_store.hpp"

namespace weft::redis {

/// All that is written when a run is created, as run_protocol/ reads it. Pure.
struct WrittenRun {
  using Fields = std::vector<std::pair<std::string, std::string>>;

  Fields graph;        ///< Header, task records, constants, scopes, parts of workers.
  std::string states;  ///< Header and records of all tasks.
  Fields fixed;        ///< What never changes.
  std::vector<ReadyTask> ready;
  std::string ready_entries;  ///< The same, as the store keeps them.
};

/// Fails with `encode_failed` when a constant or a kept output cannot leave the process.
/// @pre `MemoryRun::validate` accepts the request
[[nodiscard]] Result<WrittenRun> written_run(const CreateRun& request);

/// Fields of the graph's key.
inline constexpr const char* graph_header_field = "h";
[[nodiscard]] inline std::string constant_field(std::uint32_t index) {
  return "c" + std::to_string(index);
}
/// The tasks that are a worker's part of the graph.
[[nodiscard]] inline std::string part_field(WorkerId worker) {
  return "w" + std::to_string(worker.number());
}

/// Where the next task number stands in the states, and how many bytes are before the records.
inline constexpr std::size_t states_header = 64;

/// Reads `fixed` back, but for the graph and the plan. Fails with `decode_failed`.
[[nodiscard]] Result<RunDescription> read_fixed(
  const std::vector<std::pair<std::string, std::string>>& fixed);

}  // namespace weft::redis
