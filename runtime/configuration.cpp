#include "weft/runtime/configuration.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "weft/runtime/configuration_toml.hpp"

namespace weft {

namespace {

/// Of a text that `check_setting` has accepted.
template <class Number>
Number number_of(std::string_view text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  check(failure == std::errc{} && end == text.data() + text.size(),
        "settings are checked when set");
  return number;
}

Result<void> joined(std::string message, std::vector<Error> problems) {
  if (problems.empty()) return {};
  return Error{
    .code = Errc::invalid_config, .message = std::move(message), .causes = std::move(problems)};
}

}  // namespace

Configuration::Configuration() {
  for (const Setting& setting : settings()) {
    values_.push_back({SettingValue{.text = std::string(setting.fallback)}});
  }
}

Result<void> Configuration::set(std::string_view key, SettingValue value) {
  const auto index = setting_index(key);
  if (!index) return with_context(value.where, unknown_setting(key));
  if (auto valid = check_setting(settings()[*index], value.text); !valid) {
    Error error = valid.error();
    error.code = Errc::invalid_config;
    // A variable or a flag names the setting itself; a line of a file does not.
    const bool named = value.source >= SettingSource::environment;
    return with_context(named ? value.where : fmt::format("{}: {}", value.where, key),
                        std::move(error));
  }
  keep(*index, std::move(value));
  return {};
}

void Configuration::keep(std::size_t index, SettingValue value) {
  auto& values = values_[index];
  const auto place = std::ranges::lower_bound(values, value.source, {}, &SettingValue::source);
  if (place != values.end() && place->source == value.source) {
    *place = std::move(value);
  } else {
    values.insert(place, std::move(value));
  }
}

Result<void> Configuration::read_toml(std::string_view text, SettingSource source,
                                      const std::string& path) {
  auto entries = read_toml_entries(text, path);
  if (!entries) return entries.error();
  Configuration changed = *this;
  std::vector<Error> problems;
  for (TomlEntry& entry : *entries) {
    auto set = changed.set(entry.key, {.text = std::move(entry.text),
                                       .source = source,
                                       .where = fmt::format("{}:{}", path, entry.line)});
    if (!set) problems.push_back(set.error());
  }
  if (problems.empty()) *this = std::move(changed);
  return joined(path + " cannot be used", std::move(problems));
}

Result<void> Configuration::read_environment(const Variables& variables) {
  Configuration changed = *this;
  std::vector<Error> problems;
  for (const auto& [name, text] : variables) {
    const auto key = key_of_variable(name);
    if (!key) continue;
    auto set =
      changed.set(*key, {.text = text, .source = SettingSource::environment, .where = name});
    if (!set) problems.push_back(set.error());
  }
  if (problems.empty()) *this = std::move(changed);
  return joined("the environment cannot be used", std::move(problems));
}

std::vector<SettingValue> Configuration::values(std::string_view key) const {
  const auto index = setting_index(key);
  check(index.has_value(), "only settings that exist are read");
  return {values_[*index].rbegin(), values_[*index].rend()};
}

const std::string& Configuration::text(std::string_view key) const {
  const auto index = setting_index(key);
  check(index.has_value(), "only settings that exist are read");
  return values_[*index].back().text;
}

std::uint64_t Configuration::count(std::string_view key) const {
  return number_of<std::uint64_t>(text(key));
}

double Configuration::number(std::string_view key) const {
  return number_of<double>(text(key));
}

bool Configuration::flag(std::string_view key) const {
  return text(key) == "true";
}

Nanos Configuration::duration(std::string_view key) const {
  return parse_duration(text(key)).value();
}

std::optional<Nanos> Configuration::optional_duration(std::string_view key) const {
  if (text(key) == "none") return std::nullopt;
  return duration(key);
}

Bytes Configuration::bytes(std::string_view key) const {
  return parse_bytes(text(key)).value();
}

namespace {

StoreOptions store_options(const Configuration& configuration) {
  const auto text = [&configuration](std::string_view key) {
    const std::string& value = configuration.text(key);
    return value == "none" || value == "memory" ? std::string{} : value;
  };
  StoreOptions options;
  options.url = text("store.url");
  options.password_file = text("store.password_file");
  options.tls_authorities = text("store.tls_authorities");
  options.tls_certificate = text("store.tls_certificate");
  options.tls_key = text("store.tls_key");
  options.allow_plaintext = configuration.flag("store.allow_plaintext");
  options.prefix = configuration.text("store.prefix");
  const std::string& level = configuration.text("store.durability");
  options.durability = level == "memory"       ? DurabilityLevel::memory
                       : level == "always"     ? DurabilityLevel::always
                       : level == "replicated" ? DurabilityLevel::replicated
                                               : DurabilityLevel::everysec;
  options.replicas = static_cast<std::uint32_t>(configuration.count("store.replicas"));
  options.lease = configuration.duration("store.lease");
  options.retention = configuration.duration("store.retention");
  options.patience = configuration.duration("store.patience");
  return options;
}

}  // namespace

EngineOptions engine_options(const Configuration& configuration) {
  constexpr std::uint64_t mebi = 1 << 20;
  // Rounded up: a slot of less memory than was asked for would refuse what fits.
  const std::uint64_t memory = configuration.bytes("pool.memory").count;
  const MemoryMiB memory_mib{memory / mebi + (memory % mebi != 0 ? 1 : 0)};
  EngineOptions options;
  options.pool.slots = static_cast<std::uint32_t>(configuration.count("pool.slots"));
  options.pool.slot_class = {.cpus = configuration.number("pool.cpus"), .memory = memory_mib};
  options.pool.cold_start = configuration.duration("pool.cold_start");
  options.pool.keep_alive = configuration.duration("pool.keep_alive");
  const auto pool = parse_pool(configuration.text("pool.kind")).value_or(PoolSetting{});
  options.pool.kind = pool.processes ? PoolKind::processes : PoolKind::threads;
  if (pool.slots) options.pool.slots = *pool.slots;
  options.store = store_options(configuration);
  options.planner = configuration.text("plan.planner");
  options.workers = static_cast<std::uint32_t>(configuration.count("plan.workers"));
  const std::string& strategy = configuration.text("recorder.strategy");
  options.recorder.strategy = strategy == "at_end"      ? RecordStrategy::at_end
                              : strategy == "each_task" ? RecordStrategy::each_task
                              : strategy == "periodic"  ? RecordStrategy::periodic
                                                        : RecordStrategy::by_count;
  options.recorder.count = configuration.count("recorder.count");
  options.recorder.period = configuration.duration("recorder.period");
  options.recorder.history = configuration.text("history.file");
  options.recorder.max_runs = configuration.count("history.max_runs");
  options.recorder.max_tasks = configuration.count("history.max_tasks");
  return options;
}

}  // namespace weft
