#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/run_timeline.hpp"

namespace weft::cli {

namespace {

/// A stretch of a lane during which one attempt ran.
struct Slice {
  const TaskMetrics* attempt = nullptr;
  Nanos begin{};
  Nanos end{};
  std::size_t lane = 0;  ///< Among those of its worker.
};

Nanos begin_of(const TaskMetrics& attempt) {
  return std::max(attempt.started, attempt.claimed);
}

Nanos end_of(const TaskMetrics& attempt) {
  return std::max(attempt.finished, begin_of(attempt));
}

/// Spreads the attempts of each worker over lanes, so that no two of a lane overlap.
std::map<WorkerId, std::vector<Slice>> slices_by_worker(std::span<const TaskMetrics> attempts) {
  std::map<WorkerId, std::vector<Slice>> workers;
  for (const TaskMetrics& attempt : attempts) {
    workers[attempt.worker].push_back({&attempt, begin_of(attempt), end_of(attempt)});
  }
  for (auto& [worker, slices] : workers) {
    std::ranges::stable_sort(slices, {}, &Slice::begin);
    std::vector<Nanos> free_at;
    for (Slice& slice : slices) {
      const auto lane =
        std::ranges::find_if(free_at, [&slice](Nanos end) { return end <= slice.begin; });
      slice.lane = static_cast<std::size_t>(lane - free_at.begin());
      if (lane == free_at.end()) free_at.push_back({});
      free_at[slice.lane] = slice.end;
    }
  }
  return workers;
}

/// Microseconds with the nanoseconds behind the point, as the format wants them.
std::string microseconds(Nanos time) {
  const auto count = std::max<Nanos::rep>(time.count(), 0);
  return fmt::format("{}.{:03}", count / 1000, count % 1000);
}

std::string json_quoted(std::string_view text) {
  return text_of(Json(std::string(text)), JsonLayout::line);
}

class ChromeWriter {
public:
  ChromeWriter(const RunHistory& history, const TextSink& sink)
    : history_(history),
      sink_(sink),
      run_(observe(history.attempts, history.graph, history.record.makespan)),
      workers_(slices_by_worker(history.attempts)) {
    for (const SlotMetrics& slot : history.slots) workers_[slot.worker];
    for (std::uint32_t i = 0; i < run_.tasks.size(); ++i) place_of_[run_.tasks[i].task] = i;
  }

  TraceCounts write() && {
    sink_("{\"displayTimeUnit\":\"ms\",\"otherData\":{\"run\":" +
          json_quoted(history_.record.id.text()) +
          ",\"workflow\":" + json_quoted(history_.record.workflow) + ",\"state\":" +
          json_quoted(to_string(history_.record.state)) + "},\n\"traceEvents\":[\n");
    name_process();
    for (const auto& [worker, slices] : workers_) write_worker(worker, slices);
    write_slots();
    write_arrows();
    sink_("\n]}\n");
    return counts_;
  }

private:
  void event(const std::string& text) {
    sink_(first_ ? text : ",\n" + text);
    first_ = false;
  }

  void name_process() {
    event(fmt::format(
      R"({{"ph":"M","pid":1,"name":"process_name","args":{{"name":{}}}}})",
      json_quoted("weft run " + history_.record.id.text() + " of " + history_.record.workflow)));
  }

  void write_worker(WorkerId worker, const std::vector<Slice>& slices) {
    first_lane_[worker] = lanes_ + 1;
    std::size_t count = 1;
    for (const Slice& slice : slices) count = std::max(count, slice.lane + 1);
    for (std::size_t lane = 0; lane < count; ++lane) {
      std::string name = fmt::format("worker {}", worker.number());
      if (lane > 0) name += fmt::format(", lane {}", lane + 1);
      name_lane(++lanes_, name);
    }
    for (const Slice& slice : slices) write_slice(slice, first_lane_[worker] + slice.lane);
  }

  void name_lane(std::size_t lane, std::string_view name) {
    event(fmt::format(R"({{"ph":"M","pid":1,"tid":{},"name":"thread_name","args":{{"name":{}}}}})",
                      lane, json_quoted(name)));
    event(fmt::format(
      R"({{"ph":"M","pid":1,"tid":{0},"name":"thread_sort_index","args":{{"sort_index":{0}}}}})",
      lane));
  }

  void write_slice(const Slice& slice, std::size_t lane) {
    const TaskMetrics& attempt = *slice.attempt;
    const ObservedTask& task = run_.tasks[place_of_.at(attempt.task)];
    const bool won = attempt.outcome == AttemptOutcome::committed;
    event(fmt::format(
      R"({{"ph":"X","pid":1,"tid":{},"ts":{},"dur":{},"cat":"task","name":{}{},"args":{}}})", lane,
      microseconds(slice.begin), microseconds(slice.end - slice.begin), json_quoted(task.name),
      won ? "" : R"(,"cname":"terrible")", arguments_of(attempt, task)));
    if (won || !arrow_lane_.contains(attempt.task)) arrow_lane_[attempt.task] = lane;
    ++counts_.slices;
  }

  static std::string arguments_of(const TaskMetrics& attempt, const ObservedTask& task) {
    Json arguments;
    arguments["task"] = attempt.task.number();
    arguments["function"] = task.function;
    arguments["attempt"] = attempt.attempt;
    arguments["outcome"] = to_string(attempt.outcome);
    arguments["claimed_ns"] = attempt.claimed.count();
    const Nanos ready = std::max(attempt.inputs_ready, attempt.claimed);
    arguments["wait_for_inputs"] = format_duration(ready - attempt.claimed);
    arguments["wait_for_slot"] = format_duration(std::max(begin_of(attempt) - ready, Nanos{}));
    arguments["execute"] = format_duration(end_of(attempt) - begin_of(attempt));
    arguments["publish"] = format_duration(std::max(attempt.committed - end_of(attempt), Nanos{}));
    arguments["input_bytes"] = attempt.input_size.count;
    arguments["fetched_bytes"] = attempt.fetched_size.count;
    arguments["output_bytes"] = attempt.output_size.count;
    return text_of(arguments, JsonLayout::line);
  }

  void write_slots() {
    std::size_t number = 0;
    for (const SlotMetrics& slot : history_.slots) {
      const std::string_view name = slot.cold ? "cold start" : "warm start";
      ++number;
      for (const auto& [phase, time] : {std::pair{"b", slot.requested}, {"e", slot.granted}}) {
        event(
          fmt::format(R"({{"ph":"{}","pid":1,"tid":{},"ts":{},"cat":"slot","id":{},"name":"{}"}})",
                      phase, first_lane_[slot.worker], microseconds(time), number, name));
      }
    }
  }

  void write_arrows() {
    for (const ObservedTask& child : run_.tasks) {
      if (child.attempts == 0) continue;
      for (const std::uint32_t dependency : child.dependencies) {
        const ObservedTask& parent = run_.tasks[dependency];
        if (parent.attempts > 0) write_arrow(parent, child);
      }
    }
  }

  /// An arrow is tied to the slices at its ends by lane and time, so it begins just inside of one.
  void write_arrow(const ObservedTask& parent, const ObservedTask& child) {
    const Nanos from = std::max(parent.called, parent.returned - Nanos{1});
    ++counts_.arrows;
    event(fmt::format(
      R"({{"ph":"s","pid":1,"tid":{},"ts":{},"cat":"dependency","id":{},"name":"needs"}})",
      arrow_lane_.at(parent.task), microseconds(from), counts_.arrows));
    event(fmt::format(
      R"({{"ph":"f","bp":"e","pid":1,"tid":{},"ts":{},"cat":"dependency","id":{},"name":"needs"}})",
      arrow_lane_.at(child.task), microseconds(std::max(child.called, from)), counts_.arrows));
  }

  const RunHistory& history_;
  const TextSink& sink_;
  ObservedRun run_;
  std::map<WorkerId, std::vector<Slice>> workers_;
  std::map<TaskId, std::uint32_t> place_of_;
  std::map<WorkerId, std::size_t> first_lane_;
  std::map<TaskId, std::size_t> arrow_lane_;
  std::size_t lanes_ = 0;
  bool first_ = true;
  TraceCounts counts_;
};

}  // namespace

TraceCounts write_chrome_trace(const RunHistory& history, const TextSink& sink) {
  return ChromeWriter{history, sink}.write();
}

}  // namespace weft::cli
