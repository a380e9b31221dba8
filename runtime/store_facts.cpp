#include "weft/runtime/store_facts.hpp"

#include <charconv>
#include <chrono>
#include <future>

#include <fmt/format.h>

#include "weft/workflow/clock.hpp"

namespace weft {

namespace {

using redis::Command;
using redis::Reply;

Result<Reply> ask(redis::Client& client, Command command) {
  std::promise<Result<Reply>> answer;
  client.call(std::move(command),
              [&answer](Result<Reply> reply) { answer.set_value(std::move(reply)); });
  return answer.get_future().get();
}

/// The value of a field of `INFO`; nothing when there is none.
std::optional<std::string> field(std::string_view info, std::string_view name) {
  std::size_t begin = 0;
  while (begin < info.size()) {
    const std::size_t end = std::min(info.find('\n', begin), info.size());
    std::string_view line = info.substr(begin, end - begin);
    begin = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      return std::string(line.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), value);
  return failure == std::errc{} && end != text->data() ? std::optional(value) : std::nullopt;
}

/// Nothing when the server does not allow us to ask: hosted ones do not.
std::optional<std::string> setting(redis::Client& client, std::string_view name) {
  const auto reply = ask(client, Command{"CONFIG", "GET", name});
  if (!reply || reply->size() < 2) return std::nullopt;
  return std::string((*reply)[1].text());
}

std::optional<Nanos> clock_ahead(redis::Client& client) {
  const auto reply = ask(client, Command{"TIME"});
  const WallTime now = SystemClock{}.wall_now();
  if (!reply || reply->size() < 2) return std::nullopt;
  const auto seconds = (*reply)[0].as_integer();
  const auto microseconds = (*reply)[1].as_integer();
  if (!seconds || !microseconds) return std::nullopt;
  const Nanos theirs = std::chrono::seconds{*seconds} + std::chrono::microseconds{*microseconds};
  return theirs - now.time_since_epoch();
}

}  // namespace

Result<StoreFacts> read_store_facts(redis::Client& client) {
  auto info = ask(client, Command{"INFO"});
  if (!info) return std::move(info).error();
  const std::string_view text = info->text();
  StoreFacts facts;
  facts.version = field(text, "redis_version").value_or("");
  if (const auto enabled = field(text, "aof_enabled")) facts.append_only = *enabled != "0";
  facts.replicas = number(field(text, "connected_slaves"));
  facts.memory_used = number(field(text, "used_memory"));
  facts.memory_max = number(field(text, "maxmemory"));
  facts.eviction = field(text, "maxmemory_policy");
  facts.fsync = setting(client, "appendfsync");
  if (const auto mode = setting(client, "protected-mode")) facts.protected_mode = *mode == "yes";
  if (const auto user = ask(client, Command{"ACL", "WHOAMI"})) facts.user = user->text();
  facts.clock_ahead = clock_ahead(client);
  return facts;
}

std::string_view to_string(DurabilityLevel level) {
  switch (level) {
    case DurabilityLevel::memory:
      return "memory";
    case DurabilityLevel::everysec:
      return "everysec";
    case DurabilityLevel::always:
      return "always";
    case DurabilityLevel::replicated:
      return "replicated";
  }
  return "unknown";
}

std::string durability_text(const StoreFacts& facts) {
  std::string text = !facts.append_only ? "appendonly unknown"
                     : *facts.append_only
                       ? "appendonly yes, appendfsync " + facts.fsync.value_or("unknown")
                       : "appendonly no";
  return text + fmt::format(", {} replicas", facts.replicas.value_or(0));
}

Result<void> check_durability(const StoreOptions& options, const StoreFacts& facts) {
  const bool evicts = facts.eviction.value_or("noeviction") != "noeviction";
  if (evicts && options.durability != DurabilityLevel::memory) {
    return Error{
      .code = Errc::invalid_config,
      .message = fmt::format("the store does not give the durability {}: it evicts keys when it is "
                             "full (maxmemory-policy {})",
                             to_string(options.durability), *facts.eviction),
      .hint = "set maxmemory-policy noeviction in Redis, or accept --durability memory"};
  }
  const bool appends = facts.append_only.value_or(true);
  const std::string fsync = facts.fsync.value_or("always");
  std::string hint;
  switch (options.durability) {
    case DurabilityLevel::memory:
      return {};
    case DurabilityLevel::everysec:
      if (appends && fsync != "no") return {};
      hint = "set appendonly yes and appendfsync everysec in Redis, or accept --durability memory";
      break;
    case DurabilityLevel::always:
      if (appends && fsync == "always") return {};
      hint = "set appendonly yes and appendfsync always in Redis, or accept --durability everysec";
      break;
    case DurabilityLevel::replicated: {
      const std::uint64_t wanted = options.replicas_awaited();
      if (facts.replicas.value_or(0) >= wanted) return {};
      hint = fmt::format("connect {} to Redis, or accept --durability everysec",
                         wanted == 1 ? "a replica" : fmt::format("{} replicas", wanted));
      break;
    }
  }
  return Error{.code = Errc::invalid_config,
               .message = fmt::format("the store does not give the durability {}: it has {}",
                                      to_string(options.durability), durability_text(facts)),
               .hint = std::move(hint)};
}

}  // namespace weft
