#include "weft/runtime/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/planning/planner.hpp"
#include "weft/workflow/registry.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

namespace {

constexpr std::array<Setting, 39> all_settings{{
  {"pool.slots",
   SettingType::count,
   "0",
   "Slots, each a thread that runs tasks; 0: one for each CPU of the machine.",
   {}},
  {"pool.cpus", SettingType::number, "1", "CPUs of a slot.", {}},
  {"pool.memory", SettingType::bytes, "0B", "Memory of a slot; 0B: any.", {}},
  {"pool.cold_start",
   SettingType::duration,
   "0s",
   "What starting a cold slot takes beyond a thread's own start.",
   {}},
  {"pool.keep_alive", SettingType::duration, "5m", "How long an idle slot stays warm.", {}},
  {"pool.kind",
   SettingType::text,
   "threads",
   "What runs tasks: threads of this process, or processes of their own; with :N for N slots.",
   {}},
  {"store.url",
   SettingType::text,
   "memory",
   "Where runs are kept: memory, redis://[user@]host[:port][/db], rediss://... or unix:///path.",
   {}},
  {"store.password_file",
   SettingType::text,
   "none",
   "A file whose first line is the store's password; else WEFT_STORE_PASSWORD is asked.",
   {}},
  {"store.tls_authorities",
   SettingType::text,
   "none",
   "Certificates that are trusted, PEM; none: those of the system.",
   {}},
  {"store.tls_certificate", SettingType::text, "none", "Shown to the store, PEM.", {}},
  {"store.tls_key", SettingType::text, "none", "Private key of that certificate, PEM.", {}},
  {"store.allow_plaintext",
   SettingType::flag,
   "false",
   "Whether a store on another machine may be reached without TLS.",
   {}},
  {"store.prefix", SettingType::text, "weft", "Of every key in the store.", {}},
  {"store.durability", SettingType::text, "everysec",
   "What a power loss of the store may cost: memory, everysec, always or replicated.",
   "memory everysec always replicated"},
  {"store.replicas",
   SettingType::count,
   "1",
   "How many replicas must have taken a step before it counts, where durability is replicated.",
   {}},
  {"store.lease",
   SettingType::duration,
   "10s",
   "A worker that is silent for longer has ended; its tasks go to others.",
   {}},
  {"store.retention",
   SettingType::duration,
   "1h",
   "How long the result of a run stays that nobody fetches.",
   {}},
  {"store.patience",
   SettingType::duration,
   "10s",
   "How long a store that does not answer is asked before a run fails.",
   {}},
  {"plan.planner", SettingType::text, "simple", "The planner that places tasks.", {}},
  {"plan.workers",
   SettingType::count,
   "0",
   "Workers that a planner may ask for; 0: one for each slot.",
   {}},
  {"run.timeout", SettingType::optional_duration, "none", "How long a run may take.", {}},
  {"run.deadline",
   SettingType::optional_duration,
   "none",
   "By when the result is wanted, from the submission on; the run goes on past it.",
   {}},
  {"run.fail_on_sla_miss",
   SettingType::flag,
   "false",
   "Whether a run that succeeds after its deadline ends with exit code 4.",
   {}},
  {"run.fail_fast",
   SettingType::flag,
   "true",
   "Whether the first task that fails ends the run; else those that do not need it go on.",
   {}},
  {"replay.time_scale", SettingType::number, "1", "Factor on the recorded times of a trace.", {}},
  {"replay.data_scale", SettingType::number, "1", "Factor on the recorded bytes of a trace.", {}},
  {"replay.work", SettingType::text, "sleep", "How a task of a trace spends its time.",
   "sleep burn"},
  {"commands.folder",
   SettingType::text,
   ".weft",
   "Where commands work, and what they leave is kept: a folder here.",
   {}},
  {"commands.keep_runs",
   SettingType::count,
   "20",
   "What older runs left is removed beyond these.",
   {}},
  {"commands.grace",
   SettingType::duration,
   "5s",
   "How long a command that is told to stop may take before it is killed.",
   {}},
  {"recorder.strategy", SettingType::text, "by_count", "When metrics go to the history.",
   "at_end each_task periodic by_count"},
  {"recorder.count", SettingType::count, "1024", "Tasks in a batch of metrics.", {}},
  {"recorder.period", SettingType::duration, "1s", "Time between batches of `periodic`.", {}},
  {"history.file",
   SettingType::text,
   ":memory:",
   "SQLite file of the history, or the URL of a Redis as in store.url; `:memory:` keeps none. The "
   "command line defaults to the user's own file.",
   {}},
  {"history.max_runs", SettingType::count, "1000", "Older runs are dropped beyond these.", {}},
  {"history.max_tasks",
   SettingType::count,
   "2000000",
   "As are runs that have more tasks together; the newest stays.",
   {}},
  {"output.format", SettingType::text, "table", "How results are printed.", "table json jsonl"},
  {"output.color", SettingType::text, "auto", "Whether output is coloured.", "auto always never"},
  {"output.progress", SettingType::text, "auto",
   "Progress of a run: a bar or lines, as the terminal allows, or nothing.", "auto bar lines none"},
}};

std::string_view section_of(std::string_view key) {
  return key.substr(0, key.find('.'));
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string hint_for(std::string_view typed, const std::vector<std::string>& known) {
  const auto nearest = nearest_names(typed, known);
  const std::string all = fmt::format("choose one of {}", fmt::join(known, ", "));
  if (nearest.empty()) return all;
  return fmt::format("did you mean {}? ({})", fmt::join(nearest, ", "), all);
}

Error unusable(std::string message, std::string hint) {
  return {.code = Errc::invalid_config, .message = std::move(message), .hint = std::move(hint)};
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Read where the store is opened: no file, flag or listing of settings should hold a password.
constexpr std::string_view password_variable = "WEFT_STORE_PASSWORD";

/// The largest count of any setting: what an `EngineOptions` can hold.
constexpr std::uint64_t max_count = std::numeric_limits<std::uint32_t>::max();

Result<void> check_text(const Setting& setting, std::string_view text) {
  const auto choices = choices_of(setting);
  if (text.empty()) return unusable("'' is empty", "write a value or leave the setting out");
  if (setting.key == "pool.kind" && !parse_pool(text)) {
    return unusable(in_quotes(text) + " is no pool", "write threads, process, or process:4");
  }
  if (choices.empty() || std::ranges::find(choices, text) != choices.end()) return {};
  return unusable(in_quotes(text) + " is not one of the choices", hint_for(text, choices));
}

Result<void> check_duration(std::string_view text) {
  const auto parsed = parse_duration(text);
  if (!parsed) return parsed.error();
  return {};
}

}  // namespace

std::optional<PoolSetting> parse_pool(std::string_view text) {
  PoolSetting pool;
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view kind = text.substr(0, colon);
  if (kind == "process" || kind == "processes") {
    pool.processes = true;
  } else if (kind != "thread" && kind != "threads") {
    return std::nullopt;
  }
  if (colon == text.size()) return pool;
  const auto slots = parse_number<std::uint32_t>(text.substr(colon + 1));
  if (!slots || *slots == 0) return std::nullopt;
  pool.slots = *slots;
  return pool;
}

std::string_view to_string(SettingType type) {
  switch (type) {
    case SettingType::text:
      return "text";
    case SettingType::count:
      return "count";
    case SettingType::number:
      return "number";
    case SettingType::flag:
      return "true or false";
    case SettingType::duration:
      return "duration";
    case SettingType::optional_duration:
      return "duration or none";
    case SettingType::bytes:
      return "bytes";
  }
  return "unknown";
}

std::span<const Setting> settings() {
  return all_settings;
}

std::vector<std::string> choices_of(const Setting& setting) {
  return setting.key == "plan.planner" ? planner_names() : words(setting.choices);
}

std::string environment_variable(std::string_view key) {
  std::string name = "WEFT_";
  for (const char c : key) {
    name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

std::optional<std::size_t> setting_index(std::string_view key) {
  const auto found = std::ranges::find(all_settings, key, &Setting::key);
  if (found == all_settings.end()) return std::nullopt;
  return static_cast<std::size_t>(found - all_settings.begin());
}

std::optional<std::string> key_of_variable(std::string_view variable) {
  constexpr std::string_view prefix = "WEFT_";
  if (variable == password_variable) return std::nullopt;
  if (!variable.starts_with(prefix)) return std::nullopt;
  std::string key(variable.substr(prefix.size()));
  const std::size_t end = key.find('_');
  if (end == std::string::npos) return std::nullopt;
  for (char& c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  key[end] = '.';
  const bool known = std::ranges::any_of(all_settings, [&key](const Setting& setting) {
    return section_of(setting.key) == section_of(key);
  });
  return known ? std::optional(key) : std::nullopt;
}

Result<void> check_setting(const Setting& setting, std::string_view text) {
  switch (setting.type) {
    case SettingType::text:
      return check_text(setting, text);
    case SettingType::count: {
      const auto count = parse_number<std::uint64_t>(text);
      if (count && *count <= max_count) return {};
      return unusable(in_quotes(text) + " is not a whole number", "write for example 4");
    }
    case SettingType::number: {
      const auto number = parse_number<double>(text);
      if (number && std::isfinite(*number) && *number >= 0) return {};
      return unusable(in_quotes(text) + " is not a number of 0 or more", "write for example 0.5");
    }
    case SettingType::flag:
      if (text == "true" || text == "false") return {};
      return unusable(in_quotes(text) + " is neither true nor false", "write true or false");
    case SettingType::duration:
      return check_duration(text);
    case SettingType::optional_duration:
      if (text == "none") return {};
      if (auto duration = parse_duration(text); duration && *duration == Nanos{}) {
        return unusable(in_quotes(text) + " is not above 0", "write more, or none");
      }
      return check_duration(text);
    case SettingType::bytes: {
      const auto parsed = parse_bytes(text);
      if (!parsed) return parsed.error();
      return {};
    }
  }
  check(false, "a setting has a known type");
  return {};
}

Error unknown_setting(std::string_view key) {
  std::vector<std::string> known;
  for (const Setting& setting : all_settings) known.emplace_back(setting.key);
  auto nearest = nearest_names(key, known);
  return unusable(in_quotes(key) + " is not a setting",
                  nearest.empty() ? "weft config keys lists them all"
                                  : fmt::format("did you mean {}?", fmt::join(nearest, ", ")));
}

}  // namespace weft
