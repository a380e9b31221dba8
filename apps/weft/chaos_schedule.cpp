#include "weft/apps/weft/chaos_schedule.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, chaos_fault_kinds> fault_names{
  "kill_worker", "stop_worker",   "kill_submitter", "kill_standby",
  "stop_redis",  "restart_redis", "network"};

/// A task that has ended three workers fails for good, so faults end no more than two of a run's.
constexpr std::uint32_t ended_workers_max = 2;
/// A node takes about a quarter of a second to start, so a few are enough for a run.
constexpr std::uint32_t killed_nodes_max = 2;

/// About how long the run takes without faults.
Nanos expected_length(const ChaosSchedule& schedule) {
  const std::uint32_t lanes =
    schedule.work.shape == "chain" ? 1 : std::min(schedule.slots, schedule.workers);
  return milliseconds{60} + schedule.work.sleep() / lanes;
}

Nanos drawn_pause(ChaosDice& dice) {
  constexpr std::uint32_t long_percent = 10;
  return dice.chance(long_percent) ? dice.between(seconds{2}, seconds{5})
                                   : dice.between(milliseconds{200}, milliseconds{1200});
}

ProxyFault drawn_proxy_fault(ChaosDice& dice) {
  constexpr std::array kinds{ProxyFaultKind::slow, ProxyFaultKind::narrow, ProxyFaultKind::stall,
                             ProxyFaultKind::cut, ProxyFaultKind::cut_reply};
  constexpr std::array directions{ProxyDirection::to_server, ProxyDirection::to_client,
                                  ProxyDirection::both};
  constexpr std::array<std::uint32_t, 3> shares{100, 50, 20};
  ProxyFault fault{.kind = kinds[dice.between(0, kinds.size() - 1)],
                   .direction = directions[dice.between(0, directions.size() - 1)],
                   .lasts = dice.between(milliseconds{50}, milliseconds{900}),
                   .percent = shares[dice.between(0, shares.size() - 1)]};
  if (fault.kind == ProxyFaultKind::slow) {
    fault.latency = dice.between(milliseconds{1}, milliseconds{40});
  } else if (fault.kind == ProxyFaultKind::narrow) {
    fault.bytes_per_second = dice.between(20'000, 2'000'000);
  } else if (fault.kind == ProxyFaultKind::cut) {
    fault.lasts = dice.between(milliseconds{1}, milliseconds{400});
  }
  return fault;
}

class FaultDraw {
public:
  FaultDraw(ChaosSchedule& schedule, ChaosDice& dice) : schedule_(schedule), dice_(dice) {}

  void draw() {
    for (std::uint64_t left = dice_.between(1, 8); left > 0; --left) draw_one();
    std::ranges::stable_sort(schedule_.faults, {}, &ChaosFault::at);
  }

private:
  /// As often as it has something to hit: there are five kinds of faults of the network.
  ChaosFaultKind drawn_kind() {
    using enum ChaosFaultKind;
    constexpr std::array kinds{kill_worker,   kill_worker,  kill_worker,    stop_worker,
                               stop_worker,   kill_standby, kill_standby,   kill_submitter,
                               stop_redis,    stop_redis,   kill_submitter, restart_redis,
                               restart_redis, network,      network,        network,
                               network,       network,      network,        network};
    return kinds[dice_.between(0, kinds.size() - 1)];
  }

  void draw_one() {
    const ChaosFaultKind kind = drawn_kind();
    ChaosFault fault{.kind = kind,
                     .at = dice_.between(milliseconds{20}, expected_length(schedule_)),
                     .victim = static_cast<std::uint32_t>(dice_.between(0, 11))};
    switch (kind) {
      case ChaosFaultKind::kill_worker:
      case ChaosFaultKind::stop_worker:
        if (++ended_workers_ > ended_workers_max) return;
        if (kind == ChaosFaultKind::stop_worker) {
          fault.lasts = dice_.between(milliseconds{50}, schedule_.lease * 2);
        }
        break;
      case ChaosFaultKind::kill_standby:
        if (!schedule_.standby) return;
        [[fallthrough]];
      case ChaosFaultKind::kill_submitter:
        if (++killed_nodes_ > killed_nodes_max) return;
        break;
      case ChaosFaultKind::stop_redis:
        fault.lasts = drawn_pause(dice_);
        break;
      case ChaosFaultKind::restart_redis:
        // Without anything kept, that is the end of the run: seldom.
        if (schedule_.durability == DurabilityLevel::memory && !dice_.chance(30)) return;
        fault.lasts = dice_.between(milliseconds{1}, milliseconds{500});
        break;
      case ChaosFaultKind::network:
        if (schedule_.link == ChaosLink::direct) return;
        fault.network = drawn_proxy_fault(dice_);
        fault.lasts = fault.network->lasts;
        break;
    }
    schedule_.faults.push_back(std::move(fault));
  }

  ChaosSchedule& schedule_;
  ChaosDice& dice_;
  std::uint32_t ended_workers_ = 0;
  std::uint32_t killed_nodes_ = 0;
};

std::string_view link_name(ChaosLink link) {
  constexpr std::array<std::string_view, 3> names{"direct", "unix_proxy", "tcp_proxy"};
  return names[static_cast<std::size_t>(link)];
}

std::string_view direction_text(ProxyDirection direction) {
  constexpr std::array<std::string_view, 3> texts{"to the server", "to clients", "both ways"};
  return texts[static_cast<std::size_t>(direction)];
}

std::int64_t milliseconds_of(Nanos duration) {
  return std::chrono::round<milliseconds>(duration).count();
}

std::string details(const ProxyFault& fault) {
  std::string text =
    fmt::format("{}, {} % of the connections", direction_text(fault.direction), fault.percent);
  if (fault.kind == ProxyFaultKind::slow) {
    text += fmt::format(", {} later", format_duration(fault.latency));
  } else if (fault.kind == ProxyFaultKind::narrow) {
    text += fmt::format(", {} bytes/s", fault.bytes_per_second);
  }
  return text;
}

}  // namespace

std::string_view to_string(ChaosFaultKind kind) {
  return fault_names[static_cast<std::size_t>(kind)];
}

std::string ChaosFault::name() const {
  std::string text{to_string(kind)};
  return network ? text + "." + std::string(to_string(network->kind)) : text;
}

Nanos ChaosSchedule::faults_end() const {
  Nanos end{};
  for (const ChaosFault& fault : faults) end = std::max(end, fault.at + fault.lasts);
  return end;
}

bool ChaosSchedule::may_lose_tail() const {
  return durability != DurabilityLevel::always &&
         std::ranges::any_of(faults, [](const ChaosFault& fault) {
           return fault.kind == ChaosFaultKind::restart_redis;
         });
}

ChaosSchedule draw_chaos_schedule(std::uint64_t seed) {
  // Far apart even for seeds that follow one another.
  ChaosDice dice{seed * 0x9e37'79b9'7f4a'7c15u + 1};
  constexpr std::array levels{DurabilityLevel::memory, DurabilityLevel::everysec,
                              DurabilityLevel::always};
  ChaosSchedule schedule{.seed = seed, .work = draw_chaos_work(dice)};
  schedule.slots = static_cast<std::uint32_t>(dice.between(2, 4));
  // At times more than there are slots for.
  schedule.workers = schedule.slots + static_cast<std::uint32_t>(dice.chance(30) ? 2 : 0);
  schedule.lease = dice.between(milliseconds{500}, seconds{2});
  schedule.durability = levels[dice.between(0, levels.size() - 1)];
  schedule.standby = dice.chance(40);
  schedule.link = static_cast<ChaosLink>(dice.between(0, 2));
  schedule.takeover = dice.between(milliseconds{0}, milliseconds{500});
  do {
    FaultDraw{schedule, dice}.draw();
  } while (schedule.faults.empty());
  return schedule;
}

std::string_view durability_name(DurabilityLevel level) {
  constexpr std::array<std::string_view, 4> names{"memory", "everysec", "always", "replicated"};
  return names[static_cast<std::size_t>(level)];
}

std::string to_string(const ChaosFault& fault) {
  std::string text = fmt::format("{}ms {}", milliseconds_of(fault.at), fault.name());
  if (fault.lasts > Nanos{}) text += fmt::format(" for {}ms", milliseconds_of(fault.lasts));
  if (fault.network) text += fmt::format(" ({})", details(*fault.network));
  return text;
}

std::string to_string(const ChaosSchedule& schedule) {
  std::string text = fmt::format(
    "seed {}: {} of {} calls, {} slots a node, {} workers, lease {}, Redis keeps '{}', link {}{}\n",
    schedule.seed, schedule.work.shape, schedule.work.calls(), schedule.slots, schedule.workers,
    format_duration(schedule.lease), durability_name(schedule.durability), link_name(schedule.link),
    schedule.standby ? ", standby" : "");
  for (const ChaosFault& fault : schedule.faults) text += "  " + to_string(fault) + "\n";
  return text;
}

Json json_of(const ChaosSchedule& schedule) {
  Json json{{"seed", schedule.seed},
            {"shape", schedule.work.shape},
            {"calls", schedule.work.calls()},
            {"slots", schedule.slots},
            {"workers", schedule.workers},
            {"lease_ms", milliseconds_of(schedule.lease)},
            {"durability", durability_name(schedule.durability)},
            {"link", link_name(schedule.link)},
            {"standby", schedule.standby}};
  json["faults"] = Json::array();
  for (const ChaosFault& fault : schedule.faults) {
    json["faults"].push_back({{"kind", fault.name()},
                              {"at_ms", milliseconds_of(fault.at)},
                              {"lasts_ms", milliseconds_of(fault.lasts)}});
  }
  return json;
}

}  // namespace weft::cli
