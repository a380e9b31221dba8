#include "weft/runtime/open_store.hpp"

#include "weft/storage/memory_run_store.hpp"
#include "weft/storage/redis/redis_run_store.hpp"

namespace weft {

Result<OpenStore> open_store(const StoreOptions& options, const Clock& clock,
                             std::shared_ptr<const Registry> registry, StoreRole role) {
  if (options.url.empty()) {
    return OpenStore{.store = std::make_shared<MemoryRunStore>(clock)};
  }
  auto client = connect_store(options);
  if (!client) return std::move(client).error();
  auto store = RedisRunStore::open(*client, std::move(registry),
                                   {.prefix = options.prefix,
                                    .sweep_turn = options.lease / 4,
                                    .replicas = options.replicas_awaited(),
                                    .replicas_patience = options.patience,
                                    .load_functions = role == StoreRole::node});
  if (!store) return std::move(store).error();
  return OpenStore{.store = std::move(*store),
                   .answers = StoreAnswers::later,
                   .durable = true,
                   .client = std::move(*client)};
}

}  // namespace weft
