#include "weft/storage/redis/handshake.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "weft/workflow/check.hpp"

namespace weft::redis {

namespace {

/// The oldest Redis whose scripts and commands weft uses.
constexpr std::pair oldest{6, 2};

/// Identifiers of Redis have forty characters; what claims to be one is cut here.
constexpr std::size_t identifier_max = 45;

/// The value of `name` in what `INFO` answers: lines of `name:value`.
std::string_view field(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

/// The first two numbers of `7.0.15`; zeros if there are none.
std::pair<int, int> version_of(std::string_view text) {
  std::pair version{0, 0};
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.first);
  if (major.ptr != end && *major.ptr == '.') {
    std::from_chars(major.ptr + 1, end, version.second);
  }
  return version;
}

std::string identifier(std::string_view text) {
  std::string kept;
  for (const char c : text.substr(0, identifier_max)) {
    if (c > ' ' && c <= '~') kept += c;
  }
  return kept;
}

}  // namespace

Handshake::Handshake(const Endpoint& endpoint, const std::string& name) : endpoint_(endpoint) {
  if (!endpoint.password.empty()) {
    Command command{"AUTH"};
    if (!endpoint.user.empty()) command.add(endpoint.user);
    command.add(endpoint.password);
    add(Step::authenticate, std::move(command));
  }
  if (endpoint.database != 0) add(Step::select, Command{"SELECT", endpoint.database});
  add(Step::name, Command{"CLIENT", "SETNAME", name});
  add(Step::server, Command{"INFO", "server"});
  add(Step::replication, Command{"INFO", "replication"});
}

void Handshake::add(Step step, Command command) {
  steps_.push_back(step);
  commands_.push_back(std::move(command));
}

std::optional<Failure> Handshake::take(const Reply& reply) {
  check(!is_complete(), "a handshake has as many replies as commands");
  const Step step = steps_[taken_++];
  // A name is a courtesy to who lists the clients; not everybody may have one.
  const bool is_vital = step != Step::name || reply.text().starts_with("NOAUTH");
  if (reply.is_error() && !is_vital) return std::nullopt;
  if (reply.is_error()) return failed(step, reply);
  if (step == Step::server) return take_server(reply);
  if (step == Step::replication) return take_replication(reply);
  return std::nullopt;
}

Failure Handshake::failed(Step step, const Reply& reply) const {
  Error error = refused(endpoint_, commands_[taken_ - 1].name(), reply.text());
  error.code = Errc::store_unavailable;
  if (step == Step::select) {
    error.hint = "name a database that exists, as in redis://host/0";
  } else if (error.hint.empty() && step == Step::authenticate) {
    error.hint = "is the server one that has no password? Then unset WEFT_STORE_PASSWORD";
  }
  const bool passes = remedy_of(reply.text()) != Remedy::none ||
                      reply.text().find("max number of clients") != std::string_view::npos;
  return {std::move(error), passes ? Failure::Cure::wait : Failure::Cure::people};
}

Failure Handshake::unknown(const Reply& reply) const {
  return {unavailable(endpoint_, "does not say which Redis it is, but " + to_string(reply),
                      "is there a proxy between? weft needs Redis itself"),
          Failure::Cure::people};
}

std::optional<Failure> Handshake::take_server(const Reply& reply) {
  const auto version = field(reply.text(), "redis_version");
  const auto run = identifier(field(reply.text(), "run_id"));
  if (version.empty() || run.empty()) return unknown(reply);
  if (version_of(version) < oldest) {
    return Failure{unavailable(endpoint_, "is Redis " + identifier(version) + ", which is too old",
                               "weft needs Redis 6.2 or newer"),
                   Failure::Cure::people};
  }
  greeting_.incarnation = run;
  return std::nullopt;
}

std::optional<Failure> Handshake::take_replication(const Reply& reply) {
  const auto replication = identifier(field(reply.text(), "master_replid"));
  if (replication.empty()) return unknown(reply);
  if (field(reply.text(), "role") == "slave") {
    const auto primary = in_quotes(field(reply.text(), "master_host"));
    return Failure{unavailable(endpoint_, "is a replica of " + primary + ", which takes no writes",
                               "name the primary")};
  }
  greeting_.incarnation += "-" + replication;
  return std::nullopt;
}

}  // namespace weft::redis
