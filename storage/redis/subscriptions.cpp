#include "weft/storage/redis/subscriptions.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weft::redis {

namespace {

/// The verbs by which Redis answers, in the order of `Ask`.
constexpr std::array<std::string_view, 3> verbs{"subscribe", "unsubscribe", "pong"};

}  // namespace

Subscriptions::Subscriptions(Surroundings& surroundings, Up up, Restored restored)
  : surroundings_(surroundings),
    up_(std::move(up)),
    restored_(std::move(restored)),
    link_(surroundings, *this),
    heart_(surroundings.loop.context()) {}

void Subscriptions::subscribe(std::string channel, Client::Take take, Client::Ready ready) {
  const auto id = ++last_id_;
  Subscription subscription{id, std::move(take), std::move(ready), false};
  if (is_closed_) return refuse_as_closed(subscription);
  // Without giving the old one up first: no message is missed between.
  const auto old = subscriptions_.find(channel);
  if (old != subscriptions_.end()) cancel(channel, old->second);
  const auto [at, is_new] =
    subscriptions_.insert_or_assign(std::move(channel), std::move(subscription));
  if (link_.is_up()) ask(Ask::subscribe, at->first, id);
  if (!std::exchange(is_started_, true)) link_.start();
}

void Subscriptions::unsubscribe(const std::string& channel) {
  const auto found = subscriptions_.find(channel);
  if (found == subscriptions_.end()) return;
  auto gone = subscriptions_.extract(found);
  if (link_.is_up()) ask(Ask::unsubscribe, channel, gone.mapped().id);
  cancel(channel, gone.mapped());
  look_for_all_confirmed();
}

void Subscriptions::cancel(const std::string& channel, Subscription& subscription) {
  tell(subscription, Error{.code = Errc::cancelled,
                           .message = "the subscription to " + in_quotes(channel) +
                                      " was ended before Redis had confirmed it"});
}

void Subscriptions::close() {
  is_closed_ = true;
  link_.close();
  heart_.cancel();
  for (auto& [channel, subscription] : std::exchange(subscriptions_, {})) {
    refuse_as_closed(subscription);
  }
}

void Subscriptions::refuse_as_closed(Subscription& subscription) {
  tell(subscription,
       unavailable(surroundings_.endpoint, "is not used any more: its client was closed"));
}

void Subscriptions::ask(Ask what, const std::string& channel, std::uint64_t id) {
  const auto send = [&] {
    if (what == Ask::ping) return link_.send(Command{"PING"});
    return link_.send(Command{what == Ask::subscribe ? "SUBSCRIBE" : "UNSUBSCRIBE", channel});
  };
  requests_.push_back({what, channel, id, send()});
}

std::optional<std::uint64_t> Subscriptions::owed() const {
  if (requests_.empty()) return std::nullopt;
  return requests_.front().end;
}

// -- the connection -------------------------------------------------------------------------------

void Subscriptions::on_up(const Greeting& greeting) {
  was_up_ = true;
  up_(greeting);
  for (auto& [channel, subscription] : subscriptions_) {
    ask(Ask::subscribe, channel, subscription.id);
  }
  look_for_all_confirmed();
  beat();
}

void Subscriptions::on_down(const Failure& /*failure*/) {
  has_gap_ = has_gap_ || was_up_;
  heart_.cancel();
  requests_.clear();
  for (auto& [channel, subscription] : subscriptions_) subscription.is_confirmed = false;
}

void Subscriptions::beat() {
  // Twice within what counts as silence: nothing else would tell a quiet channel from a cut
  // network.
  heart_.after(surroundings_.options.silence / 2, [this] {
    if (requests_.empty()) ask(Ask::ping, {}, 0);
    beat();
  });
}

// -- what Redis says ------------------------------------------------------------------------------

void Subscriptions::on_replies(std::vector<Reply>& replies) {
  for (const Reply& reply : replies) {
    if (take(reply)) continue;
    link_.drop(
      {unavailable(surroundings_.endpoint, "answered what it was not asked: " + to_string(reply),
                   "is it Redis that listens there?")});
    return;
  }
}

bool Subscriptions::take(const Reply& reply) {
  if (reply[0].text() == "message") {
    const auto found = subscriptions_.find(reply[1].text());
    if (found == subscriptions_.end()) return true;  // It was on its way.
    surroundings_.loop.note_callback();
    found->second.take(reply[2].text());
    return true;
  }
  if (reply.is_error()) return take_refusal(reply);
  if (reply.text() == "PONG") return take_answer(Ask::ping, reply);
  const auto verb = std::find(verbs.begin(), verbs.end(), reply[0].text());
  return verb != verbs.end() && take_answer(static_cast<Ask>(verb - verbs.begin()), reply);
}

bool Subscriptions::take_answer(Ask what, const Reply& reply) {
  if (requests_.empty() || requests_.front().ask != what) return false;
  if (what != Ask::ping && requests_.front().channel != reply[1].text()) return false;
  const Request request = std::move(requests_.front());
  requests_.pop_front();
  if (what == Ask::subscribe) confirm(request);
  return true;
}

void Subscriptions::confirm(const Request& request) {
  const auto found = subscriptions_.find(request.channel);
  if (found == subscriptions_.end() || found->second.id != request.id) return;
  found->second.is_confirmed = true;
  tell(found->second, {});
  look_for_all_confirmed();
}

bool Subscriptions::take_refusal(const Reply& reply) {
  if (requests_.empty()) return false;
  const Request request = std::move(requests_.front());
  requests_.pop_front();
  // What passes is asked again over the next connection, after a wait.
  if (remedy_of(reply.text()) != Remedy::none) return false;
  const auto found = subscriptions_.find(request.channel);
  if (found == subscriptions_.end() || found->second.id != request.id) return true;
  auto gone = subscriptions_.extract(found);
  tell(gone.mapped(), refused(surroundings_.endpoint, "SUBSCRIBE", reply.text()));
  look_for_all_confirmed();
  return true;
}

void Subscriptions::tell(Subscription& subscription, Result<void> result) {
  const auto ready = std::exchange(subscription.ready, {});
  if (!ready) return;
  surroundings_.loop.note_callback();
  ready(std::move(result));
}

void Subscriptions::look_for_all_confirmed() {
  if (!has_gap_ || !link_.is_up()) return;
  const bool all = std::all_of(subscriptions_.begin(), subscriptions_.end(),
                               [](const auto& entry) { return entry.second.is_confirmed; });
  if (!all) return;
  has_gap_ = false;
  restored_();
}

}  // namespace weft::redis
