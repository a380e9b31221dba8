#pragma once

#include <memory>

#include "weft/runtime/engine_options.hpp"
#include "weft/storage/redis/client.hpp"

namespace weft {

/// The server that the options name, with their credentials. Fails with `invalid_config`.
[[nodiscard]] Result<redis::Endpoint> store_endpoint(const StoreOptions& options);

/// Connects to the server that the options name, with their credentials. Fails with
/// `invalid_config` or `store_unavailable`.
[[nodiscard]] Result<std::shared_ptr<redis::Client>> connect_store(const StoreOptions& options);

}  // namespace weft
