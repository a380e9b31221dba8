#include "weft/apps/weft/summary_json.hpp"

#include <nlohmann/json.hpp>

namespace weft::cli {

namespace {

Json json_of(const CriticalPath& path) {
  Json out;
  out["duration_ns"] = path.phases.total().count();
  out["phases"] = json_of(path.phases);
  out["steps"] = Json::array();
  for (const CriticalStep& step : path.steps) {
    Json line;
    line["task"] = step.task;
    line["function"] = step.function;
    line["worker"] = step.worker.number();
    line["phases"] = json_of(step.phases);
    out["steps"].push_back(std::move(line));
  }
  return out;
}

Json json_of(const FunctionUse& use) {
  Json out;
  out["function"] = use.function;
  out["tasks"] = use.tasks;
  out["attempts"] = use.attempts;
  out["longest_execution_ns"] = use.longest_execution.count();
  out["phases"] = json_of(use.phases);
  return out;
}

Json json_of(const SlotUse& slots) {
  Json out;
  out["used"] = slots.workers;
  out["cold_starts"] = slots.cold;
  out["warm_starts"] = slots.warm;
  out["starting_ns"] = slots.starting.count();
  out["busy_share"] = slots.busy ? Json(*slots.busy) : Json(nullptr);
  return out;
}

}  // namespace

Json json_of(const RunRecord& record) {
  Json out;
  out["run"] = record.id.text();
  out["workflow"] = record.workflow;
  out["planner"] = record.planner;
  out["submitted"] = format_time(record.submitted);
  out["state"] = to_string(record.state);
  out["makespan_ns"] = record.makespan ? Json(record.makespan->count()) : Json(nullptr);
  out["tasks"]["total"] = record.tasks.total;
  out["tasks"]["committed"] = record.tasks.committed;
  out["tasks"]["failed"] = record.tasks.failed;
  out["tasks"]["skipped"] = record.tasks.skipped;
  out["tasks"]["retries"] = record.tasks.retries;
  out["workers"] = record.workers;
  out["errors"] = Json::array();
  for (const Error& error : record.errors) out["errors"].push_back(json_of(error));
  return out;
}

Json json_of(const RunSummary& summary) {
  Json out = json_of(summary.record);
  out["slots"] = json_of(summary.slots);
  out["output_bytes"] = summary.output_size.count;
  out["fetched_bytes"] = summary.fetched_size.count;
  out["longest_execution_ns"] = summary.longest_execution.count();
  out["critical_path"] =
    summary.critical_path.steps.empty() ? Json(nullptr) : json_of(summary.critical_path);
  out["phases"] = json_of(summary.phases);
  out["functions"] = Json::array();
  for (const FunctionUse& use : summary.functions) out["functions"].push_back(json_of(use));
  return out;
}

}  // namespace weft::cli
