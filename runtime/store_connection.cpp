#include "weft/runtime/store_connection.hpp"

#include <spdlog/spdlog.h>

namespace weft {

Result<redis::Endpoint> store_endpoint(const StoreOptions& options) {
  auto parsed = redis::parse_endpoint(options.url);
  if (!parsed) return std::move(parsed).error();
  parsed->tls_files.authorities = options.tls_authorities;
  parsed->tls_files.certificate = options.tls_certificate;
  parsed->tls_files.key = options.tls_key;
  parsed->allow_plaintext = options.allow_plaintext;
  return redis::with_credentials(std::move(*parsed),
                                 {.password_file = options.password_file,
                                  .warn = [](std::string_view text) { spdlog::warn("{}", text); }});
}

Result<std::shared_ptr<redis::Client>> connect_store(const StoreOptions& options) {
  auto endpoint = store_endpoint(options);
  if (!endpoint) return std::move(endpoint).error();
  auto client = redis::Client::connect(std::move(*endpoint), {.patience = options.patience});
  if (!client) return std::move(client).error();
  return std::shared_ptr<redis::Client>(std::move(*client));
}

}  // namespace weft
