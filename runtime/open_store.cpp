#include "weft/runtime/open_store.hpp"

#include <spdlog/spdlog.h>

#include "weft/storage/memory_run_store.hpp"
#include "weft/storage/redis/redis_run_store.hpp"

namespace weft {

Result<std::shared_ptr<redis::Client>> connect_store(const StoreOptions& options) {
  auto parsed = redis::parse_endpoint(options.url);
  if (!parsed) return with_context("store.url", std::move(parsed).error());
  parsed->tls_files.authorities = options.tls_authorities;
  parsed->tls_files.certificate = options.tls_certificate;
  parsed->tls_files.key = options.tls_key;
  parsed->allow_plaintext = options.allow_plaintext;
  auto endpoint = redis::with_credentials(
    std::move(*parsed),
    {.password_file = options.password_file,
     .warn = [](std::string_view text) { spdlog::warn("{}", text); }});
  if (!endpoint) return std::move(endpoint).error();
  auto client = redis::Client::connect(std::move(*endpoint), {.patience = options.patience});
  if (!client) return std::move(client).error();
  return std::shared_ptr<redis::Client>(std::move(*client));
}

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
                                    .load_functions = role == StoreRole::node});
  if (!store) return std::move(store).error();
  return OpenStore{.store = std::move(*store),
                   .answers = StoreAnswers::later,
                   .durable = true,
                   .client = std::move(*client)};
}

}  // namespace weft
