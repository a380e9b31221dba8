#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/apps/weft/chaos_proxy.hpp"
#include "weft/apps/weft/chaos_work.hpp"
#include "weft/apps/weft/json_text.hpp"
#include "weft/runtime/engine_options.hpp"

namespace weft::cli {

/// What is done to a run while it goes on.
enum class ChaosFaultKind : std::uint8_t {
  kill_worker,     ///< SIGKILL to a worker process.
  stop_worker,     ///< SIGSTOP to one, then SIGCONT.
  kill_submitter,  ///< SIGKILL to the node that has submitted, or watches since.
  kill_standby,    ///< SIGKILL to the other node.
  stop_redis,      ///< SIGSTOP to Redis, then SIGCONT.
  restart_redis,   ///< SIGKILL to Redis; it is started again on what it has kept.
  network,         ///< Something that a `FaultProxy` does.
};
inline constexpr std::size_t chaos_fault_kinds = 7;

[[nodiscard]] std::string_view to_string(ChaosFaultKind kind);

/// One fault of a schedule.
struct ChaosFault {
  ChaosFaultKind kind = ChaosFaultKind::kill_worker;
  Nanos at{};                ///< Since the run was submitted.
  Nanos lasts{};             ///< 0 for what is over at once.
  std::uint32_t victim = 0;  ///< Which worker process, modulo how many there are, by age.
  std::optional<ProxyFault> network;

  /// `kill_worker`, or what a proxy does: `network.stall`.
  [[nodiscard]] std::string name() const;
};

/// How nodes reach Redis.
enum class ChaosLink : std::uint8_t { direct, unix_proxy, tcp_proxy };

/// All that is decided about one run before it starts; follows from the seed alone.
struct ChaosSchedule {
  std::uint64_t seed = 0;
  ChaosWork work;
  std::uint32_t slots = 2;    ///< Of each node: worker processes at a time.
  std::uint32_t workers = 2;  ///< Of the plan.
  Nanos lease = std::chrono::seconds{1};
  DurabilityLevel durability = DurabilityLevel::always;
  bool standby = false;  ///< A second node is there from the start.
  ChaosLink link = ChaosLink::direct;
  Nanos takeover{};  ///< Without a standby, a node comes so long after the last one has gone.
  std::vector<ChaosFault> faults;  ///< In the order of their times.

  /// When the last fault has ended.
  [[nodiscard]] Nanos faults_end() const;
  /// Whether the last moments may be lost.
  [[nodiscard]] bool may_lose_tail() const;
};

[[nodiscard]] ChaosSchedule draw_chaos_schedule(std::uint64_t seed);

/// `memory`, `everysec`, `always`
[[nodiscard]] std::string_view durability_name(DurabilityLevel level);

/// `412ms network.stall for 320ms (both ways)`
[[nodiscard]] std::string to_string(const ChaosFault& fault);

/// Several lines: what runs, and all faults.
[[nodiscard]] std::string to_string(const ChaosSchedule& schedule);

[[nodiscard]] Json json_of(const ChaosSchedule& schedule);

}  // namespace weft::cli
