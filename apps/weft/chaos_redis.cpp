#include "weft/apps/weft/chaos_redis.hpp"

#include <future>
#include <thread>

#include "weft/runtime/program_search.hpp"
#include "weft/storage/redis/client.hpp"

namespace weft::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Until it answers: also on a machine that does much else.
constexpr Nanos start_patience = seconds{20};

Result<std::unique_ptr<redis::Client>> connected(const std::string& socket, Nanos patience) {
  redis::Endpoint endpoint;
  endpoint.unix_path = socket;
  return redis::Client::connect(std::move(endpoint),
                                {.connect_timeout = patience, .patience = patience});
}

Result<redis::Reply> answer_of(redis::Client& client, redis::Command command) {
  std::promise<Result<redis::Reply>> told;
  client.call(std::move(command),
              [&](Result<redis::Reply> reply) { told.set_value(std::move(reply)); });
  return told.get_future().get();
}

}  // namespace

ChaosRedis::ChaosRedis(std::filesystem::path folder, DurabilityLevel durability)
  : folder_(std::move(folder)), durability_(durability) {
  start();
}

void ChaosRedis::restart() {
  if (!server_->running()) start();
}

void ChaosRedis::start() {
  const auto program = find_program("redis-server", "/", search_path());
  if (!program) {
    throw Exception({.code = Errc::store_unavailable,
                     .message = "there is no redis-server on PATH",
                     .hint = "install Redis 7: apt-get install redis-server"});
  }
  std::vector<std::string> arguments{program->string(), "--port", "0",
                                     "--unixsocket",    socket(), "--dir",
                                     folder_.string(),  "--save", ""};
  if (durability_ != DurabilityLevel::memory) {
    const bool always = durability_ == DurabilityLevel::always;
    for (const char* one :
         {"--appendonly", "yes", "--appendfsync", always ? "always" : "everysec"}) {
      arguments.emplace_back(one);
    }
  }
  server_ = std::make_unique<ChildProcess>(ChildRequest{
    .arguments = std::move(arguments), .folder = folder_, .log = folder_ / "redis.log"});
  if (!answers()) {
    throw Exception({.code = Errc::store_unavailable,
                     .message = "redis-server was started and does not answer",
                     .hint = "what it says is in " + (folder_ / "redis.log").string()});
  }
}

bool ChaosRedis::answers() const {
  return connected(socket(), start_patience).has_value();
}

Result<std::vector<std::string>> ChaosRedis::lasting_keys() const {
  auto client = connected(socket(), seconds{5});
  if (!client) return std::move(client).error();
  auto all = answer_of(**client, redis::Command{"KEYS", "*"});
  if (!all) return std::move(all).error();
  std::vector<std::string> names;
  for (const redis::Reply& name : all->elements()) {
    auto left = answer_of(**client, redis::Command{"PTTL", name.text()});
    if (!left) return std::move(left).error();
    constexpr std::int64_t never_expires = -1;
    if (left->integer() == never_expires) names.emplace_back(name.text());
  }
  return names;
}

}  // namespace weft::cli
