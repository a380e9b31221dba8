#include "weft/actors/recorder.hpp"

#include <spdlog/spdlog.h>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/type_ids.hpp"

namespace weft {

namespace {

class Recorder {
public:
  Recorder(RecorderHandle::pointer, std::shared_ptr<HistoryStore> history)
    : history_(std::move(history)) {}

  RecorderHandle::behavior_type make_behavior() {
    return {
      [this](const MetricsBatch& m) { note(history_->append(m)); },
      [this](const RecordRun& m) { note(history_->start_run(m.record, m.graph)); },
      [this](const FinishRecord& m) { note(history_->finish_run(m.record)); },
      [](Flush) {},
    };
  }

  static inline const char* name = "weft.recorder";

private:
  void note(const Result<void>& written) {
    if (written.has_value() == working_) return;
    working_ = written.has_value();
    if (working_) {
      spdlog::info("the history is being written again");
    } else {
      spdlog::error("runs are not recorded: {}", to_string(written.error()));
    }
  }

  std::shared_ptr<HistoryStore> history_;
  bool working_ = true;
};

}  // namespace

RecorderHandle spawn_recorder(caf::actor_system& system, std::shared_ptr<HistoryStore> history,
                              Placing placing) {
  using Impl = caf::stateful_actor<Recorder, RecorderHandle::base>;
  if (placing == Placing::own_thread) {
    return system.spawn<Impl, caf::detached>(std::move(history));
  }
  return system.spawn<Impl>(std::move(history));
}

}  // namespace weft
