#include "weft/apps/weft/json_text.hpp"

#include <nlohmann/json.hpp>

namespace weft::cli {

std::string text_of(const Json& value, JsonLayout layout) {
  return value.dump(layout == JsonLayout::pretty ? 2 : -1, ' ', false,
                    Json::error_handler_t::replace);
}

std::string text_of_record(const Json& record, OutputFormat format) {
  const bool line = format == OutputFormat::jsonl;
  return text_of(record, line ? JsonLayout::line : JsonLayout::pretty) + "\n";
}

std::string text_of_records(const std::vector<Json>& records, OutputFormat format) {
  if (format != OutputFormat::jsonl) return text_of_record(Json(records), format);
  std::string text;
  for (const Json& record : records) text += text_of_record(record, format);
  return text;
}

Json json_of(const Error& error) {
  Json out;
  out["code"] = to_string(error.code);
  out["message"] = error.message;
  if (!error.task.empty()) out["task"] = error.task;
  if (error.attempt) out["attempt"] = *error.attempt;
  if (!error.node.empty()) out["node"] = error.node;
  if (!error.hint.empty()) out["hint"] = error.hint;
  for (const Error& cause : error.causes) out["causes"].push_back(json_of(cause));
  return out;
}

Json json_of(const Phases& phases) {
  Json out;
  out["queue_ns"] = phases.queue.count();
  out["retries_ns"] = phases.retries.count();
  out["inputs_ns"] = phases.inputs.count();
  out["slot_ns"] = phases.slot.count();
  out["execute_ns"] = phases.execute.count();
  out["publish_ns"] = phases.publish.count();
  return out;
}

}  // namespace weft::cli
