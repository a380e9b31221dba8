#include "weft/storage/redis/history_calls.hpp"

#include <future>
#include <utility>

namespace weft::redis {

namespace {

constexpr auto foreign_hint =
  "another program keeps something there: choose another store.prefix or another database";

/// @param key empty: the message of the cause names it, if one is at fault
Error unusable(const Error& cause, const std::string& key) {
  const bool is_foreign = cause.message.find("WRONGTYPE") != std::string::npos ||
                          cause.message.find("WEFTKEY") != std::string::npos;
  const std::string where = key.empty() || !is_foreign ? "" : " (the key " + key + ")";
  const std::string hint = cause.hint.empty() ? "see whether Redis runs and has room" : cause.hint;
  return {.code = Errc::history_unavailable,
          .message = "the history cannot be used: " + cause.message + where,
          .hint = is_foreign ? foreign_hint : hint};
}

}  // namespace

HistoryCalls::HistoryCalls(std::shared_ptr<Client> client, Nanos pause,
                           std::shared_ptr<const Clock> clock)
  : client_(std::move(client)),
    pause_(pause),
    clock_(clock ? std::move(clock) : std::make_shared<const SystemClock>()) {}

Result<Reply> HistoryCalls::ask(Command command, const std::string& key) {
  {
    const std::lock_guard lock{mutex_};
    if (trouble_ && clock_->now() < silent_until_) return *trouble_;
  }
  auto promise = std::make_shared<std::promise<Result<Reply>>>();
  auto answer = promise->get_future();
  client_->call(std::move(command),
                [promise](Result<Reply> reply) { promise->set_value(std::move(reply)); });
  auto reply = answer.get();

  const std::lock_guard lock{mutex_};
  trouble_.reset();
  if (reply) return reply;
  Error error = unusable(reply.error(), key);
  if (reply.error().code == Errc::store_unavailable) {
    trouble_ = error;
    silent_until_ = clock_->now() + pause_;
  }
  return error;
}

}  // namespace weft::redis
