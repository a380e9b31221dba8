#include "weft/apps/weft/stored_run_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/summary_json.hpp"
#include "weft/apps/weft/summary_text.hpp"
#include "weft/apps/weft/text_table.hpp"
#include "weft/runtime/commands/command_output.hpp"
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

// -- values ---------------------------------------------------------------------------------------

/// Lists and records of more bytes are told by kind and size: an output is shown, not written out.
constexpr std::size_t shown_bytes = 4096;
/// As deep as what people read in one line.
constexpr int shown_depth = 3;

/// Nothing when it holds what has no plain text: bytes, extensions, or lists in lists in lists.
std::optional<Json> plain(const msgpack::object& object, int depth);

std::optional<Json> plain_list(const msgpack::object_array& list, int depth) {
  Json out = Json::array();
  for (std::uint32_t i = 0; i < list.size; ++i) {
    auto element = plain(list.ptr[i], depth);
    if (!element) return std::nullopt;
    out.push_back(std::move(*element));
  }
  return out;
}

std::optional<Json> plain_record(const msgpack::object_map& record, int depth) {
  Json out = Json::object();
  for (std::uint32_t i = 0; i < record.size; ++i) {
    const msgpack::object_kv& field = record.ptr[i];
    auto value = plain(field.val, depth);
    if (!value || field.key.type != msgpack::type::STR) return std::nullopt;
    out[field.key.as<std::string>()] = std::move(*value);
  }
  return out;
}

std::optional<Json> plain(const msgpack::object& object, int depth) {
  switch (object.type) {
    case msgpack::type::NIL:
      return Json(nullptr);
    case msgpack::type::BOOLEAN:
      return Json(object.via.boolean);
    case msgpack::type::POSITIVE_INTEGER:
      return Json(object.via.u64);
    case msgpack::type::NEGATIVE_INTEGER:
      return Json(object.via.i64);
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return Json(object.via.f64);
    case msgpack::type::STR:
      return Json(object.as<std::string>());
    case msgpack::type::ARRAY:
      return depth > 0 ? plain_list(object.via.array, depth - 1) : std::nullopt;
    case msgpack::type::MAP:
      return depth > 0 ? plain_record(object.via.map, depth - 1) : std::nullopt;
    default:
      return std::nullopt;
  }
}

/// A text, or the path of a file; a number as one, if JSON has it.
Json json_of(const CommandItem& item) {
  if (!item.number) return item.text;
  Json number = Json::parse(item.text, nullptr, false);
  return number.is_number() ? number : Json(item.text);
}

/// The outputs of a command, by name. Nothing when the value is another one.
std::optional<Json> command_outputs(const msgpack::object& object) {
  if (object.type != msgpack::type::MAP) return std::nullopt;
  CommandOutput command;
  try {
    object.convert(command);
  } catch (const msgpack::type_error&) {
    return std::nullopt;
  }
  Json out = Json::object();
  for (const auto& [name, items] : command.outputs) {
    Json all = Json::array();
    for (const CommandItem& item : items.items) all.push_back(json_of(item));
    out[name] = items.list || all.size() != 1 ? all : all.front();
  }
  return out;
}

Json kind_of(const msgpack::object& object, std::size_t bytes) {
  if (object.type == msgpack::type::ARRAY) {
    return {{"kind", "list"}, {"elements", object.via.array.size}, {"bytes", bytes}};
  }
  if (object.type == msgpack::type::MAP) {
    return {{"kind", "record"}, {"elements", object.via.map.size}, {"bytes", bytes}};
  }
  return {{"kind", "bytes"}, {"bytes", bytes}};
}

struct ShownValue {
  Json json;
  bool whole = false;  ///< Else its kind and size.
};

ShownValue shown(const Value& value) {
  const auto bytes = value.encoding();
  if (!bytes) return {{{"kind", value.type_name()}, {"bytes", value.size().count}}};
  const auto object = unpack_limited(*bytes, DecodeLimits{});
  if (!object) return {{{"kind", "unreadable"}, {"bytes", bytes->size()}}};
  const msgpack::object& read = object->get();
  if (auto outputs = command_outputs(read)) return {std::move(*outputs), true};
  if (auto json = plain(read, bytes->size() <= shown_bytes ? shown_depth : 0)) {
    return {std::move(*json), true};
  }
  return {kind_of(read, bytes->size())};
}

/// `total: 91, names: [a, b]`
std::string whole_text(const Json& json) {
  if (json.is_null() || (json.is_object() && json.empty())) return "nothing";
  if (json.is_string()) return printable(json.get<std::string>());
  if (!json.is_structured()) return json.dump();
  std::string out;
  for (const auto& [name, value] : json.items()) {
    if (!out.empty()) out += ", ";
    if (json.is_object() && !name.empty()) out += printable(name) + ": ";
    out += value.is_object() ? "(" + whole_text(value) + ")" : whole_text(value);
  }
  return json.is_array() ? "[" + out + "]" : out;
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
  table.add(
    {run.status.state == RunState::running ? "age" : "makespan", format_duration(age_of(run))});
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
    table.add({format_duration(event.at), std::string(to_string(event.kind)), printable(event.name),
               printable(event.message)});
  }
  return out + table.text(style, 2);
}

std::string next_step(const StoredRun& run) {
  const std::string id = run.id.text();
  if (run.status.state != RunState::running) {
    const bool succeeded = run.status.state == RunState::succeeded;
    const std::string_view what = !succeeded                     ? "why it ended so"
                                  : run.description.kept.empty() ? no_outputs_kept
                                                                 : "its outputs";
    return fmt::format("weft result {}   ({}; removes it from the store)", id, what);
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

std::optional<Error> lost_sight(const RunRecord& record, std::string hint) {
  if (record.state != RunState::failed) return std::nullopt;
  // An error that names no task is that of whoever waited.
  const auto own = std::ranges::find_if(record.errors, [](const Error& error) {
    return error.task.empty() && error.code == Errc::store_unavailable;
  });
  if (own == record.errors.end()) return std::nullopt;
  return Error{.code = Errc::store_unavailable,
               .message = "the store is away: " + own->message,
               .hint = std::move(hint)};
}

Json json_of(const Value& value) {
  return shown(value).json;
}

std::string value_text(const Value& value) {
  const ShownValue read = shown(value);
  if (read.whole) return whole_text(read.json);
  const std::string size = format_bytes(Bytes{read.json.value("bytes", std::uint64_t{0})});
  const std::string kind = read.json.value("kind", std::string{});
  if (!read.json.contains("elements")) return fmt::format("{}, {}", kind, size);
  return fmt::format("{} of {}, {}", kind, read.json["elements"].get<std::uint64_t>(), size);
}

}  // namespace weft::cli
