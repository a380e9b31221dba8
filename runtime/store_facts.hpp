#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "weft/runtime/engine_options.hpp"
#include "weft/storage/redis/client.hpp"

namespace weft {

/// What a Redis server says of itself, as far as runs depend on it. Nothing: it did not say.
struct StoreFacts {
  std::string version;
  std::optional<std::string> eviction;  ///< `maxmemory-policy`
  std::optional<bool> append_only;      ///< Whether it keeps an append-only file.
  std::optional<std::string> fsync;     ///< `appendfsync`: `always`, `everysec` or `no`.
  std::optional<std::uint64_t> replicas;
  std::optional<std::uint64_t> memory_used, memory_max;  ///< Bytes; a maximum of 0: none.
  std::optional<bool> protected_mode;
  std::string user;                ///< As which we are known to it.
  std::optional<Nanos> clock_ahead;  ///< Of its clock before ours; its answer's way not counted.
};

/// Asks a server. What it refuses to tell stays unknown. Fails with `store_unavailable`. Blocks; not
/// to be called on the client's I/O thread.
[[nodiscard]] Result<StoreFacts> read_store_facts(redis::Client& client);

[[nodiscard]] std::string_view to_string(DurabilityLevel level);

/// What the server does for durability, in a few words.
[[nodiscard]] std::string durability_text(const StoreFacts& facts);

/// `invalid_config` that names what is configured, when the server does not give the level that the
/// options ask for. What is unknown is believed.
[[nodiscard]] Result<void> check_durability(const StoreOptions& options, const StoreFacts& facts);

}  // namespace weft
