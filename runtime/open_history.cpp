#include "weft/runtime/open_history.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "weft/runtime/store_connection.hpp"
#include "weft/storage/redis/redis_history.hpp"

namespace weft {

namespace {

/// Of the runs of all workflows, one may have a quarter: in a history that many share, one that
/// runs all the time would else be the only one that is remembered.
std::size_t runs_per_workflow(std::size_t max_runs) {
  return std::max<std::size_t>(1, max_runs / 4);
}

Result<std::shared_ptr<HistoryStore>> open_redis_history(StoreOptions server,
                                                         RedisHistoryOptions options) {
  auto endpoint = store_endpoint(server);
  if (!endpoint) return with_context("history.file", std::move(endpoint).error());
  const std::string name = to_string(*endpoint);
  auto client = redis::Client::connect(std::move(*endpoint),
                                       {.patience = server.patience, .name = "weft-history"});
  if (!client) {
    Error error = std::move(client).error();
    if (error.code != Errc::store_unavailable) return error;
    return Error{.code = Errc::history_unavailable,
                 .message = "the history cannot be used: " + error.message,
                 .hint = error.hint};
  }
  return RedisHistory::open(std::move(*client), name, std::move(options));
}

}  // namespace

bool is_url(std::string_view history) {
  return history.find("://") != std::string_view::npos;
}

Result<std::shared_ptr<HistoryStore>> open_history(const RecorderOptions& recorder,
                                                   const StoreOptions& store) {
  const HistoryOptions bounds{.max_runs = recorder.max_runs, .max_tasks = recorder.max_tasks};
  if (!is_url(recorder.history)) return open_sqlite_history(recorder.history, bounds);
  StoreOptions server = store;
  server.url = recorder.history;
  return open_redis_history(
    std::move(server),
    {.bounds = bounds,
     .max_runs_per_workflow = runs_per_workflow(recorder.max_runs),
     .prefix = store.prefix,
     .warn = [](const Error& error) { spdlog::warn("left out: {}", to_string(error)); }});
}

}  // namespace weft
