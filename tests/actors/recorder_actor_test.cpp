// The recorder before a history that notes what it is given.

#include <string>

#include "actors/virtual_node.hpp"
#include "weft/actors/recorder.hpp"

namespace weft::test {

namespace {

class NotedHistory final : public HistoryStore {
public:
  Result<void> start_run(const RunRecord& record, GraphPtr) override {
    return write("start " + record.workflow);
  }
  Result<void> append(const MetricsBatch& batch) override {
    return write(std::to_string(batch.tasks.size()) + " tasks");
  }
  Result<void> finish_run(const RunRecord& record) override {
    return write("finish " + record.workflow);
  }

  [[nodiscard]] Result<std::vector<RunRecord>> runs(std::size_t,
                                                    const std::string&) const override {
    return nothing();
  }
  [[nodiscard]] Result<RunRecord> run(RunId) const override { return nothing(); }
  [[nodiscard]] Result<std::vector<TaskMetrics>> tasks(RunId) const override { return nothing(); }
  [[nodiscard]] Result<std::vector<SlotMetrics>> slots(RunId) const override { return nothing(); }
  [[nodiscard]] Result<std::vector<RecordedTask>> graph(RunId) const override { return nothing(); }
  [[nodiscard]] Result<std::vector<Sample>> samples(const std::string&,
                                                    std::size_t) const override {
    return nothing();
  }

  std::vector<std::string> written;
  bool working = true;

private:
  static Error nothing() { return {.code = Errc::history_unavailable, .message = "as told"}; }
  Result<void> write(std::string what) {
    if (!working) return nothing();
    written.push_back(std::move(what));
    return {};
  }
};

class TheRecorder : public VirtualNode {
protected:
  /// A batch of so many tasks.
  void send_tasks(std::size_t count) {
    tell(recorder, MetricsBatch{.tasks = std::vector<TaskMetrics>(count)});
  }

  std::shared_ptr<NotedHistory> history = std::make_shared<NotedHistory>();
  RecorderHandle recorder = keep(spawn_recorder(system, history, Placing::scheduler));
};

}  // namespace

TEST_F(TheRecorder, AnswersAFlushWhenAllBeforeItIsWritten) {
  RecordRun start;
  FinishRecord finish;
  start.record.workflow = finish.record.workflow = "sample";
  tell(recorder, start);
  send_tasks(3);
  tell(recorder, finish);
  EXPECT_TRUE(ask<void>(recorder, Flush{}));
  EXPECT_THAT(history->written, ElementsAre("start sample", "3 tasks", "finish sample"));
}

TEST_F(TheRecorder, GoesOnWhileTheHistoryFails) {
  history->working = false;
  send_tasks(1);
  EXPECT_TRUE(ask<void>(recorder, Flush{}));
  history->working = true;
  send_tasks(2);
  EXPECT_TRUE(ask<void>(recorder, Flush{}));
  EXPECT_THAT(history->written, ElementsAre("2 tasks"));
}

}  // namespace weft::test
