#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "weft/workflow/error.hpp"

namespace weft::redis {

/// What TLS needs beyond the host. Files are PEM; empty means unused.
struct TlsFiles {
  std::string authorities;  ///< Certificates that are trusted; empty: those of the system.
  std::string certificate;  ///< Shown to a server that asks for one.
  std::string key;          ///< Private key of `certificate`.
  std::string server_name;  ///< What the server's certificate must name; empty: the host.

  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

/// Where a Redis server listens, and as whom to log in. A plain value, written by configuration.
struct Endpoint {
  std::string host = "127.0.0.1";  ///< Name or address; unused when there is a `unix_path`.
  std::uint16_t port = 6379;
  std::string unix_path;  ///< Socket on this machine; empty: TCP.
  bool tls = false;
  TlsFiles tls_files;
  std::string user;  ///< Empty: Redis' default user.
  std::string password;
  std::uint32_t database = 0;
  /// Whether passwords and outputs may cross a network in the clear.
  bool allow_plaintext = false;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Reads `redis://[user@]host[:port][/database]`, `rediss://...` (TLS) or
/// `unix:///path/to.sock[?db=N]`. A password in the URL is refused, since URLs end up in process
/// lists and logs: see `with_credentials`. Fails with `invalid_config`.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view url);

/// Where a password may come from.
struct CredentialSources {
  std::string password_file;  ///< Its first line is the password; empty: the environment is asked.
  std::function<void(std::string_view)>
    warn;  ///< Told when others may read the file; may be empty.
};

/// The endpoint with the password of the file, else of the environment variable
/// `WEFT_STORE_PASSWORD`, else unchanged. Fails with `invalid_config` if a file is named and holds
/// no password of at most 4 KiB.
[[nodiscard]] Result<Endpoint> with_credentials(Endpoint endpoint,
                                                const CredentialSources& sources);

/// Whether `endpoint` can be used: complete, and encrypted where it leaves the machine, unless
/// `allow_plaintext` is set. Fails with `invalid_config`.
[[nodiscard]] Result<void> validate(const Endpoint& endpoint);

/// The endpoint as a URL, for messages: without the password.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

}  // namespace weft::redis
