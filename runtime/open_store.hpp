#pragma once

#include <memory>

#include "weft/actors/storage_broker.hpp"
#include "weft/runtime/store_connection.hpp"
#include "weft/storage/run_store.hpp"
#include "weft/workflow/registry.hpp"

namespace weft {

/// A run store as options ask for one.
struct OpenStore {
  std::shared_ptr<RunStore> store;
  StoreAnswers answers = StoreAnswers::at_once;
  bool durable = false;                   ///< Its runs outlive this process.
  std::shared_ptr<redis::Client> client;  ///< Nothing for a store in this process.
};

/// Who opens a store: a node prepares it, its workers use it.
enum class StoreRole : std::uint8_t { node, worker };

/// Opens the store. Fails with `invalid_config` or `store_unavailable`.
/// @param clock outlives the store
/// @param registry what the graphs of others find their functions in
[[nodiscard]] Result<OpenStore> open_store(const StoreOptions& options, const Clock& clock,
                                           std::shared_ptr<const Registry> registry,
                                           StoreRole role = StoreRole::node);

}  // namespace weft
