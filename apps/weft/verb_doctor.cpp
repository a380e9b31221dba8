#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/configuration_files.hpp"
#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/text_table.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"
#include "weft/runtime/pools/process/process_limits.hpp"
#include "weft/runtime/store_connection.hpp"
#include "weft/runtime/store_facts.hpp"
#include "weft/storage/redis/redis_run_store.hpp"

namespace weft::cli {

namespace {

enum class Health : std::uint8_t { ok, warn, fail };

struct Check {
  std::string name;
  Health health = Health::ok;
  std::string text;
  std::string hint;
};

/// What of a skew between clocks is no cause for concern: calendar times are for people.
constexpr Nanos tolerated_skew = std::chrono::seconds{1};
/// Share of its memory that a store may use before it is worth a word.
constexpr double tolerated_memory_use = 0.8;

std::string_view to_string(Health health) {
  return health == Health::ok ? "ok" : health == Health::warn ? "warn" : "fail";
}

Check version_check(const StoreFacts& facts) {
  int major = 0;
  std::from_chars(facts.version.data(), facts.version.data() + facts.version.size(), major);
  if (major >= 7) return {"version", Health::ok, facts.version, ""};
  return {"version", Health::fail, facts.version.empty() ? "unknown" : facts.version,
          "functions need Redis 7.0 or later"};
}

Check eviction_check(const StoreFacts& facts) {
  const std::string policy = facts.eviction.value_or("unknown");
  if (policy == "noeviction") return {"eviction", Health::ok, policy, ""};
  return {"eviction", facts.eviction ? Health::fail : Health::warn, "maxmemory-policy " + policy,
          "set maxmemory-policy noeviction: a run that lost a key is lost"};
}

Check durability_check(const StoreOptions& options, const StoreFacts& facts) {
  const auto given = check_durability(options, facts);
  if (!given) return {"durability", Health::fail, given.error().message, given.error().hint};
  const bool known = facts.append_only && (!*facts.append_only || facts.fsync);
  const std::string text =
    fmt::format("{} ({})", to_string(options.durability), durability_text(facts));
  if (known || options.durability == DurabilityLevel::memory) {
    return {"durability", Health::ok, text, ""};
  }
  return {"durability", Health::warn, text, "allow CONFIG GET to the user, or ask the operator"};
}

Check access_check(const StoreFacts& facts, const StoreOptions& options) {
  const std::string user = facts.user.empty() ? "unknown" : facts.user;
  const std::string text = fmt::format(
    "user {}, protected mode {}", user,
    !facts.protected_mode ? "unknown" : *facts.protected_mode ? "on" : "off");
  const bool local = options.url.starts_with("unix:");
  if (local || facts.protected_mode.value_or(false) || user != "default") {
    return {"access", Health::ok, text, ""};
  }
  return {"access", Health::warn, text, "turn protected-mode on, or give weft a user with a password"};
}

Check clock_check(const StoreFacts& facts) {
  if (!facts.clock_ahead) return {"clock", Health::warn, "unknown", "allow TIME to the user"};
  const Nanos skew = *facts.clock_ahead;
  const std::string text = fmt::format("{} {} ours", format_duration(skew < Nanos{} ? -skew : skew),
                                       skew < Nanos{} ? "behind" : "ahead of");
  if (skew < tolerated_skew && -skew < tolerated_skew) return {"clock", Health::ok, text, ""};
  return {"clock", Health::warn, text, "set the clocks of both machines by NTP"};
}

Check memory_check(const StoreFacts& facts) {
  const std::string used = format_bytes(Bytes{facts.memory_used.value_or(0)});
  if (!facts.memory_max || *facts.memory_max == 0) {
    return {"memory", Health::warn, used + " used, no maxmemory",
            "set maxmemory, so that Redis refuses writes before the machine runs out"};
  }
  const double share =
    static_cast<double>(facts.memory_used.value_or(0)) / static_cast<double>(*facts.memory_max);
  const std::string text =
    fmt::format("{} used of {}", used, format_bytes(Bytes{*facts.memory_max}));
  if (share < tolerated_memory_use) return {"memory", Health::ok, text, ""};
  return {"memory", Health::warn, text, "raise maxmemory, or fetch results: weft result RUN"};
}

void check_store(const StoreOptions& options, std::vector<Check>& checks) {
  auto client = connect_store(options);
  if (!client) {
    checks.push_back({"store", Health::fail, client.error().message, client.error().hint});
    return;
  }
  const auto facts = read_store_facts(**client);
  if (!facts) {
    checks.push_back({"store", Health::fail, facts.error().message, facts.error().hint});
    return;
  }
  checks.push_back({"store", Health::ok, options.url + " answers", ""});
  checks.push_back(version_check(*facts));
  checks.push_back(eviction_check(*facts));
  checks.push_back(durability_check(options, *facts));
  checks.push_back(access_check(*facts, options));
  checks.push_back(clock_check(*facts));
  checks.push_back(memory_check(*facts));
  const auto opened = RedisRunStore::open(*client, std::make_shared<const Registry>(),
                                          {.prefix = options.prefix});
  checks.push_back(opened ? Check{"functions", Health::ok, "loaded", ""}
                          : Check{"functions", Health::fail, opened.error().message,
                                  "allow FUNCTION LOAD and FCALL to the user"});
}

void print(Console& console, const std::vector<Check>& checks) {
  if (console.format() != OutputFormat::table) {
    std::vector<Json> all;
    for (const Check& check : checks) {
      all.push_back({{"check", check.name},
                     {"health", to_string(check.health)},
                     {"text", check.text},
                     {"hint", check.hint}});
    }
    console.print(text_of_records(all, console.format()));
    return;
  }
  const TextStyle& style = console.out_style();
  TextTable table{{{""}, {""}, {""}}};
  for (const Check& check : checks) {
    const std::string_view name = to_string(check.health);
    table.add({check.health == Health::ok     ? style.green(name)
               : check.health == Health::warn ? style.yellow(name)
                                              : style.red(name),
               check.name, printable(check.text)});
    if (!check.hint.empty()) table.add({"", "", style.dim("hint: " + printable(check.hint))});
  }
  console.print(table.text(style));
}

ExitCode doctor(Session& session) {
  const EngineOptions options = checked_engine_options(session.configuration);
  std::vector<Check> checks;
  if (options.store.url.empty()) {
    checks.push_back({"store", Health::warn, "none is named: runs end with their process",
                      "give --store unix:///path or redis://host, or set store.url"});
  } else {
    check_store(options.store, checks);
  }
  const ProcessLimits limits{{}};
  std::string statement = limits.limits_statement(options.pool.slot_class);
  for (std::size_t begin = 0; begin < statement.size();) {
    const std::size_t end = std::min(statement.find('\n', begin), statement.size());
    if (end > begin) {
      checks.push_back({"limits", Health::ok, statement.substr(begin, end - begin), ""});
    }
    begin = end + 1;
  }
  print(session.console, checks);
  const bool failed =
    std::ranges::any_of(checks, [](const Check& check) { return check.health == Health::fail; });
  return failed ? ExitCode::tasks_failed : ExitCode::success;
}

}  // namespace

void add_doctor(CommandLine& line) {
  CLI::App& verb = line.add(
    {.name = "doctor",
     .summary = "check the store and this machine for what durable runs need",
     .details = "Each line is ok, warn or fail, with a hint. The exit code is 1 when one has failed.",
     .examples = "  weft doctor --store unix:///run/redis.sock --durability always\n"},
    [](Session& session) { return doctor(session); });
  add_store_flag(line, verb);
  line.bind(verb, "--durability", "store.durability", "memory|everysec|always|replicated",
            "The durability that the store shall give.");
  line.bind(verb, "--replicas", "store.replicas", "N",
            "Replicas that must have taken a step before it counts, of --durability replicated.");
}

}  // namespace weft::cli
