#pragma once

#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "weft/workflow/ids.hpp"
#include "weft/workflow/options.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

using SlotId = Id<struct SlotTag>;
using RequestId = Id<struct RequestTag, std::uint64_t>;

/// What a pool may want done.
struct StartSlot {
  SlotId slot;
  Nanos delay{};  ///< Until it is started.
};
struct GrantSlot {
  SlotId slot;
  RequestId request;
  bool cold = false;
};
struct AskToYield {
  SlotId slot;
};
/// Its executor is of no use any more: the next start makes a new one.
struct DropExecutor {
  SlotId slot;
};
/// Call `on_time` then.
struct WakeAt {
  TimePoint time;
};

using PoolEffect = std::variant<StartSlot, GrantSlot, AskToYield, DropExecutor, WakeAt>;

/// How a pool works.
struct PoolPolicy {
  std::uint32_t slots = 1;  ///< Workers that may hold one at once, whatever their class.
  Nanos cold_start{};       ///< What a cold start takes beyond making the executor.
  Nanos keep_alive{};       ///< Idle for so long, a warm slot goes cold.
};

/// Decides which request gets which slot, which slots start and which go cold. Holds no clock,
/// thread or actor: it is told the time and appends effects.
///
///     cold -> starting -> busy <-> warm -> cold
///
/// A slot is started for one worker class and is warm for that class alone; idle slots of other
/// classes make room when all slots are taken. Requests are served strictly in the order in which
/// they came, so that none starves; of the warm slots the most recently used goes first.
class PoolCore {
public:
  using Effects = std::vector<PoolEffect>;

  explicit PoolCore(PoolPolicy policy);

  /// Asks for a slot.
  void on_request(RequestId request, const WorkerClass& worker_class, TimePoint now,
                  Effects& effects);

  /// A cold slot has started.
  void on_started(SlotId slot, TimePoint now, Effects& effects);

  /// A slot comes back. @param usable false when its executor must be replaced
  void on_release(SlotId slot, bool usable, TimePoint now, Effects& effects);

  /// A slot could not be started. Whoever waits for one is served when the caller says so.
  void on_start_failed(SlotId slot);

  /// A warm slot has ended by itself.
  void on_lost(SlotId slot, TimePoint now, Effects& effects);

  /// Starts up to `count` cold slots for a class that nobody has asked for yet. Answers how many.
  std::uint32_t prewarm(std::uint32_t count, const WorkerClass& worker_class, Effects& effects);

  /// Serves who waits as far as it can be done now.
  void on_retry(Effects& effects) { serve(effects); }

  void on_time(TimePoint now, Effects& effects);

  enum class State : std::uint8_t { cold, starting, warm, busy };
  [[nodiscard]] State state(SlotId slot) const { return slots_[slot.number()].state; }
  [[nodiscard]] std::size_t waiting() const { return requests_.size(); }

private:
  struct Slot {
    State state = State::cold;
    WorkerClass worker_class;  ///< What it was started for; meaningless while cold.
    TimePoint idle_since{};
    bool ahead = false;  ///< It starts for nobody who has asked yet.
    bool fresh = false;  ///< Its next grant is to one who has waited for its start.
    bool asked_to_yield = false;
  };
  struct Request {
    RequestId id;
    WorkerClass worker_class;
  };

  void serve(Effects& effects);
  [[nodiscard]] bool start(const WorkerClass& worker_class, std::vector<SlotId>& unclaimed,
                           Effects& effects);
  [[nodiscard]] std::optional<SlotId> take_warm(const WorkerClass& worker_class);
  void ask_to_yield(Effects& effects);
  void wake_later(Effects& effects);

  PoolPolicy policy_;
  std::vector<Slot> slots_;
  std::vector<SlotId> warm_;  ///< The most recently used last.
  std::deque<Request> requests_;
  bool wake_pending_ = false;
};

}  // namespace weft
