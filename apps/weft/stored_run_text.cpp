#include "weft/apps/weft/stored_run_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/summary_json.hpp"
#include "weft/apps/weft/summary_text.hpp"
#include "weft/apps/weft/text_table.hpp"
#include "weft/workflow/codec.hpp"

namespace weft::cli {

namespace {

/// Beyond these, errors and events are counted.
constexpr std::size_t shown_errors = 5;
constexpr std::size_t shown_events = 10;

std::string lease_text(const WorkerLease& lease) {
  if (lease.left <= Nanos{}) return "run out " + format_duration(-lease.left) + " ago";
  return format_duration(lease.left) + " left";
}

std::string workers_table(const std::vector<WorkerLease>& workers, const TextStyle& style) {
  TextTable table{{{"worker", Align::right}, {"holder"}, {"lease"}, {"told", Align::right}}};
  for (const WorkerLease& lease : workers) {
    table.add({fmt::format("{}", lease.worker.number()),
               lease.holder.empty() ? "-" : printable(lease.holder), lease_text(lease),
               fmt::format("{}", lease.told)});
  }
  return table.text(style, 2);
}

std::string counts_text(const TaskCounts& tasks) {
  std::string text = fmt::format("{} of {} done", tasks.committed, tasks.total);
  if (tasks.failed > 0) text += fmt::format(", {} failed", tasks.failed);
  if (tasks.skipped > 0) text += fmt::format(", {} skipped", tasks.skipped);
  if (tasks.retries > 0) text += fmt::format(", {} retried", tasks.retries);
  return text;
}

std::string errors_text(const std::vector<Error>& errors, const TextStyle& style) {
  if (errors.empty()) return {};
  std::string out = "\n" + style.bold("errors") + "\n";
  for (std::size_t i = 0; i < std::min(errors.size(), shown_errors); ++i) {
    out += "  - ";
    for (const char c : printable(to_string(errors[i]))) {
      out += c;
      if (c == '\n') out += "    ";
    }
    out += "\n";
  }
  if (errors.size() > shown_errors) {
    out += fmt::format("  and {} more\n", errors.size() - shown_errors);
  }
  return out;
}

}  // namespace

Nanos age_of(const StoredRun& run) {
  return run.status.at;
}

Json json_of(const StoredRun& run) {
  Json out = json_of(record_of(run));
  out["age_ns"] = age_of(run).count();
  out["workers_alive"] = run.workers_alive();
  out["leases"] = Json::array();
  for (const WorkerLease& lease : run.workers) {
    out["leases"].push_back({{"worker", lease.worker.number()},
                             {"holder", lease.holder},
                             {"left_ns", lease.left.count()},
                             {"told", lease.told}});
  }
  return out;
}

std::string stored_run_text(const StoredRun& run, const TextStyle& style) {
  std::string out = fmt::format("{}  {}  {}\n", style.bold(run.id.text()), printable(run.workflow),
                                state_text(run.status.state, style));
  TextTable table{{{""}, {""}}};
  table.add({"submitted", format_time(run.description.submitted)});
  table.add({run.status.state == RunState::running ? "age" : "makespan",
             format_duration(age_of(run))});
  table.add({"tasks", counts_text(run.status.tasks)});
  table.add({"workers", fmt::format("{} alive of {} planned", run.workers_alive(),
                                    run.description.plan->workers.size())});
  out += table.text(style, 2);
  if (!run.workers.empty()) {
    out += "\n" + style.bold("workers") + "\n" + workers_table(run.workers, style);
  }
  return out + errors_text(run.status.errors, style);
}

bool is_notable(const RunEvent& event) {
  switch (event.kind) {
    case RunEventKind::attempt_failed:
    case RunEventKind::task_failed:
    case RunEventKind::attempt_lost:
    case RunEventKind::task_requeued:
    case RunEventKind::ended:
      return true;
    default:
      return false;
  }
}

std::string notable_events_text(const std::vector<RunEvent>& events, const TextStyle& style) {
  std::vector<const RunEvent*> notable;
  for (const RunEvent& event : events) {
    if (is_notable(event)) notable.push_back(&event);
  }
  if (notable.empty()) return {};
  std::string out = "\n" + style.bold("last events") + "\n";
  const std::size_t first = notable.size() > shown_events ? notable.size() - shown_events : 0;
  TextTable table{{{"", Align::right}, {""}, {""}, {""}}};
  for (std::size_t i = first; i < notable.size(); ++i) {
    const RunEvent& event = *notable[i];
    table.add({format_duration(event.at), std::string(to_string(event.kind)),
               printable(event.name), printable(event.message)});
  }
  return out + table.text(style, 2);
}

std::string next_step(const StoredRun& run) {
  const std::string id = run.id.text();
  if (run.status.state != RunState::running) {
    return fmt::format("weft result {}   (its outputs; removes it from the store)", id);
  }
  if (run.workers_alive() > 0) return fmt::format("weft watch {}", id);
  return fmt::format("weft resume {}   (nobody works at it), or start a weft worker", id);
}

std::string ending_text(const RunRecord& record, const TextStyle& style) {
  std::string out = fmt::format("{}  {}  {}\n", style.bold(record.id.text()),
                                printable(record.workflow), state_text(record.state, style));
  TextTable table{{{""}, {""}}};
  table.add({"submitted", format_time(record.submitted)});
  table.add({"makespan", record.makespan ? format_duration(*record.makespan) : "not yet known"});
  table.add({"tasks", counts_text(record.tasks)});
  return out + table.text(style, 2) + errors_text(record.errors, style);
}

Json json_of(const Value& value) {
  const auto bytes = value.encoding();
  if (!bytes) return {{"kind", value.type_name()}, {"bytes", value.size().count}};
  const auto object = unpack_limited(*bytes, DecodeLimits{});
  if (!object) return {{"kind", "unreadable"}, {"bytes", bytes->size()}};
  const msgpack::object& read = object->get();
  switch (read.type) {
    case msgpack::type::NIL:
      return nullptr;
    case msgpack::type::BOOLEAN:
      return read.via.boolean;
    case msgpack::type::POSITIVE_INTEGER:
      return read.via.u64;
    case msgpack::type::NEGATIVE_INTEGER:
      return read.via.i64;
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return read.via.f64;
    case msgpack::type::STR:
      return std::string(read.via.str.ptr, read.via.str.size);
    case msgpack::type::ARRAY:
      return {{"kind", "list"}, {"elements", read.via.array.size}, {"bytes", bytes->size()}};
    case msgpack::type::MAP:
      return {{"kind", "record"}, {"elements", read.via.map.size}, {"bytes", bytes->size()}};
    default:
      return {{"kind", "bytes"}, {"bytes", bytes->size()}};
  }
}

std::string value_text(const Value& value) {
  const Json json = json_of(value);
  if (json.is_null()) return "nothing";
  if (json.is_string()) return printable(json.get<std::string>());
  if (!json.is_object()) return json.dump();
  const std::string size = format_bytes(Bytes{json.value("bytes", std::uint64_t{0})});
  const std::string kind = json.value("kind", std::string{});
  if (!json.contains("elements")) return fmt::format("{}, {}", kind, size);
  return fmt::format("{} of {}, {}", kind, json["elements"].get<std::uint64_t>(), size);
}

}  // namespace weft::cli
