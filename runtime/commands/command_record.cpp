#include "weft/runtime/commands/command_record.hpp"

#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "weft/runtime/commands/run_folder.hpp"

namespace weft {

namespace {

using nlohmann::json;

json json_of(const CommandItem& item) {
  json out{{"text", item.text}};
  if (item.number) out["number"] = true;
  if (!item.file) return out;
  out["file"] = true;
  out["bytes"] = item.size.count;
  out["digest"] = item.digest;
  return out;
}

json json_of(const CommandRecord& record) {
  json outputs = json::object();
  for (const auto& [name, items] : record.output.outputs) {
    json list = json::array();
    for (const CommandItem& item : items.items) list.push_back(json_of(item));
    outputs[name] = {{"list", items.list}, {"items", std::move(list)}};
  }
  return {{"command", record.use.command},
          {"parameters", record.use.parameters},
          {"inputs", record.use.inputs},
          {"outputs", std::move(outputs)}};
}

CommandRecord record_of(const json& text) {
  CommandRecord record;
  text.at("command").get_to(record.use.command);
  text.at("parameters").get_to(record.use.parameters);
  text.at("inputs").get_to(record.use.inputs);
  for (const auto& [name, list] : text.at("outputs").items()) {
    CommandItems& items = record.output.outputs[name];
    list.at("list").get_to(items.list);
    for (const json& each : list.at("items")) {
      CommandItem& item = items.items.emplace_back();
      each.at("text").get_to(item.text);
      item.number = each.value("number", false);
      item.file = each.value("file", false);
      item.size.count = each.value("bytes", std::uint64_t{0});
      item.digest = each.value("digest", std::string());
    }
  }
  return record;
}

}  // namespace

std::optional<std::string> reason_to_run(const CommandUse& before, const CommandUse& now) {
  if (before.command != now.command) return "its command changed";
  for (const auto& [name, value] : now.parameters) {
    const auto old = before.parameters.find(name);
    if (old == before.parameters.end() || old->second == value) continue;
    return fmt::format("parameter {} changed from {} to {}", in_quotes(name),
                       in_quotes(fmt::format("{}", fmt::join(old->second, ","))),
                       in_quotes(fmt::format("{}", fmt::join(value, ","))));
  }
  for (const auto& [name, digest] : now.inputs) {
    const auto old = before.inputs.find(name);
    if (old == before.inputs.end()) return fmt::format("input {} is new", in_quotes(name));
    if (old->second != digest) return fmt::format("input {} changed", in_quotes(name));
  }
  if (before != now) return "its inputs changed";
  return std::nullopt;
}

Result<void> write_record(const std::filesystem::path& task_folder, const CommandRecord& record) {
  try {
    return write_whole_file(task_folder / "done.json", json_of(record).dump(1) + "\n");
  } catch (const json::type_error&) {
    return {};  // A text is not UTF-8, which JSON has no way to say: the task will run again.
  }
}

std::optional<CommandRecord> read_record(const std::filesystem::path& task_folder) {
  std::ifstream file{task_folder / "done.json"};
  const json text = json::parse(file, nullptr, false);
  try {
    return record_of(text);
  } catch (const json::exception&) {
    return std::nullopt;  // Torn or of another version: the task runs again.
  }
}

}  // namespace weft
