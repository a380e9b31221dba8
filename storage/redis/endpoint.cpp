#include "weft/storage/redis/endpoint.hpp"

#include <arpa/inet.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace weft::redis {

namespace {

constexpr auto password_variable = "WEFT_STORE_PASSWORD";

/// Longer than any password, and than Redis' own names of users.
constexpr std::size_t credential_max = 4096;

/// Longer than any path or name of a host.
constexpr std::size_t url_max = 4096;

Error malformed(std::string_view url, std::string problem) {
  return {.code = Errc::invalid_config,
          .message = "the store " + in_quotes(url) + " cannot be used: " + std::move(problem),
          .hint =
            "write redis://[user@]host[:port][/database], rediss://... for TLS, or "
            "unix:///path/to/redis.sock[?db=0]"};
}

/// The same, without repeating the URL: it holds a password.
Error with_password_inside() {
  return {.code = Errc::invalid_config,
          .message = "the store's URL holds a password, which process lists and logs would show",
          .hint = "take it out of the URL; put it into the environment variable " +
                  std::string{password_variable} + " or into a password file"};
}

template <class Number>
std::optional<Number> parsed_number(std::string_view text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Splits at the first `mark`; the second part is empty if there is none.
std::pair<std::string_view, std::string_view> split(std::string_view text, char mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

Result<Endpoint> parse_unix(std::string_view url, std::string_view rest) {
  Endpoint endpoint;
  const auto [path, query] = split(rest, '?');
  if (!path.starts_with('/')) return malformed(url, "the path of the socket is not absolute");
  endpoint.unix_path = path;
  if (!query.empty() || rest.ends_with('?')) {
    const auto [name, value] = split(query, '=');
    const auto database = parsed_number<std::uint32_t>(value);
    if (name != "db" || !database) return malformed(url, "behind ? only db=<number> is known");
    endpoint.database = *database;
  }
  return endpoint;
}

/// Reads `host`, `host:port`, `[v6]`, `[v6]:port`. Nothing if it is neither.
bool read_authority(std::string_view text, Endpoint& endpoint) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    endpoint.host = text.substr(1, end - 1);
    has_port = end + 1 < text.size();
    if (has_port && text[end + 1] != ':') return false;
    if (has_port) port = text.substr(end + 2);
  } else {
    const auto colon = text.find(':');
    has_port = colon != std::string_view::npos;
    endpoint.host = text.substr(0, colon);
    if (has_port) port = text.substr(colon + 1);
  }
  if (!has_port) return true;
  const auto number = parsed_number<std::uint16_t>(port);
  endpoint.port = number.value_or(0);
  return number.has_value();
}

Result<Endpoint> parse_tcp(std::string_view url, std::string_view rest, bool tls) {
  Endpoint endpoint;
  endpoint.tls = tls;
  // The last one: a password could hold another.
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto user = rest.substr(0, at);
    if (user.find(':') != std::string_view::npos) return with_password_inside();
    endpoint.user = user;
    rest.remove_prefix(at + 1);
  }
  const auto [authority, database] = split(rest, '/');
  if (!read_authority(authority, endpoint)) {
    return malformed(url, "the port is not a number from 1 to 65535");
  }
  if (!database.empty()) {
    const auto number = parsed_number<std::uint32_t>(database);
    if (!number) return malformed(url, "the database is not a number");
    endpoint.database = *number;
  }
  return endpoint;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Error unusable(const Endpoint& endpoint, std::string problem, std::string hint) {
  return {.code = Errc::invalid_config,
          .message = "the store " + to_string(endpoint) + " cannot be used: " + std::move(problem),
          .hint = std::move(hint)};
}

Result<void> validate_tcp(const Endpoint& endpoint) {
  if (endpoint.host.empty() || endpoint.port == 0) {
    return unusable(endpoint, "it names no host or no port", "write redis://host:port");
  }
  if (endpoint.tls || endpoint.allow_plaintext || is_loopback(endpoint.host)) return {};
  return unusable(endpoint,
                  "it is on another machine, and without TLS the password and every output would "
                  "cross the network in the clear",
                  "use rediss://, or set store.allow_plaintext if the network itself is protected");
}

Error unreadable_password(const std::string& file, std::string problem) {
  return {.code = Errc::invalid_config,
          .message = "the password file " + in_quotes(file) + " " + std::move(problem),
          .hint = "its first line is the password of the store"};
}

void warn_of_readers(const CredentialSources& sources) {
  struct stat status {};
  if (!sources.warn || ::stat(sources.password_file.c_str(), &status) != 0) return;
  if ((status.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
  sources.warn("others may read the password file " + in_quotes(sources.password_file) +
               "; take that from them with chmod 600");
}

Result<std::string> read_password(const std::string& name) {
  std::ifstream file{name, std::ios::binary};
  if (!file) {
    return unreadable_password(name, "cannot be opened: " + std::string{std::strerror(errno)});
  }
  std::error_code unseen;
  if (std::filesystem::is_directory(name, unseen)) return unreadable_password(name, "is a folder");
  std::string text(credential_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const bool has_end = text.find('\n') != std::string::npos;
  if (!has_end && text.size() > credential_max) {
    return unreadable_password(name, "has a first line of more than 4 KiB");
  }
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return unreadable_password(name, "has an empty first line");
  return text;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view url) {
  if (url.size() > url_max) return malformed(url, "it is longer than 4 KiB");
  const auto unless_garbled = [url](Result<Endpoint> endpoint) -> Result<Endpoint> {
    const bool garbled = std::any_of(url.begin(), url.end(), [](char c) {
      return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
    });
    if (endpoint && garbled) return malformed(url, "it holds spaces or control characters");
    return endpoint;
  };
  for (const auto& [scheme, tls] : {std::pair{"redis://", false}, std::pair{"rediss://", true}}) {
    if (url.starts_with(scheme)) {
      return unless_garbled(parse_tcp(url, url.substr(std::string_view{scheme}.size()), tls));
    }
  }
  constexpr std::string_view unix_scheme = "unix://";
  if (url.starts_with(unix_scheme)) {
    return unless_garbled(parse_unix(url, url.substr(unix_scheme.size())));
  }
  // What stands before an @ may be a password, whatever the scheme.
  if (url.find('@') != std::string_view::npos) url = url.substr(0, url.find(':'));
  return malformed(url, "it begins with none of redis://, rediss:// and unix://");
}

Result<Endpoint> with_credentials(Endpoint endpoint, const CredentialSources& sources) {
  if (!sources.password_file.empty()) {
    auto password = read_password(sources.password_file);
    if (!password) return std::move(password).error();
    warn_of_readers(sources);
    endpoint.password = std::move(*password);
    return endpoint;
  }
  if (const char* password = std::getenv(password_variable); password != nullptr) {
    endpoint.password = password;
  }
  if (endpoint.password.size() > credential_max) {
    return Error{.code = Errc::invalid_config,
                 .message = std::string{password_variable} + " is longer than 4 KiB",
                 .hint = "it is the password of the store itself, not the name of a file"};
  }
  return endpoint;
}

Result<void> validate(const Endpoint& endpoint) {
  if (!endpoint.user.empty() && endpoint.password.empty()) {
    return unusable(endpoint, "it names a user and there is no password",
                    "set " + std::string{password_variable} + ", or name a password file");
  }
  if (endpoint.unix_path.empty()) return validate_tcp(endpoint);
  constexpr auto path_max = sizeof(sockaddr_un{}.sun_path) - 1;
  if (endpoint.unix_path.size() > path_max) {
    return unusable(endpoint, "the path of a socket has at most 107 bytes",
                    "let Redis listen at a shorter path");
  }
  if (endpoint.tls)
    return unusable(endpoint, "a socket of this machine has no TLS", "drop the TLS");
  return {};
}

std::string to_string(const Endpoint& endpoint) {
  const auto database = std::to_string(endpoint.database);
  if (!endpoint.unix_path.empty()) {
    return "unix://" + endpoint.unix_path + (endpoint.database == 0 ? "" : "?db=" + database);
  }
  std::string text = endpoint.tls ? "rediss://" : "redis://";
  if (!endpoint.user.empty()) text += endpoint.user + "@";
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  text += (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
  return endpoint.database == 0 ? text : text + "/" + database;
}

}  // namespace weft::redis
