#include "weft/storage/redis/calls.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "weft/storage/redis/backoff.hpp"

namespace weft::redis {

Calls::Calls(Surroundings& surroundings, Up up, Down down)
  : surroundings_(surroundings),
    up_(std::move(up)),
    down_(std::move(down)),
    link_(surroundings, *this),
    alarm_(surroundings.loop.context()),
    patience_(surroundings.loop.context()),
    dice_(std::random_device{}()) {}

void Calls::close() {
  link_.close();
  early_.clear();
  alarm_.cancel();
  patience_.cancel();
  while (!in_flight_.empty()) put_back(take_last_from_flight());
  refuse_waiting(
    unavailable(surroundings_.endpoint, "is not used any more: its client was closed"));
  flush();
}

void Calls::add(Call call) {
  waiting_.push_back(std::move(call));
}

void Calls::on_up(const Greeting& greeting) {
  patience_.cancel();
  give_up_staying(unavailable(surroundings_.endpoint, "has come back over another connection"));
  up_(greeting);
}

// -- sending --------------------------------------------------------------------------------------

void Calls::flush() {
  while (!waiting_.empty() && may_send(waiting_.front().command.size())) send_next();
  link_.flush();
  waiting_count_.store(waiting_.size() + delayed_.size(), relaxed);
  in_flight_count_.store(in_flight_.size(), relaxed);
}

bool Calls::may_send(std::size_t bytes) const {
  const ClientOptions& options = surroundings_.options;
  if (!link_.is_up()) return false;
  if (in_flight_.empty()) return true;
  return in_flight_.size() < options.commands_in_flight_max &&
         bytes_in_flight_ + bytes <= options.bytes_in_flight_max.count;
}

void Calls::send_next() {
  Call& call = in_flight_.emplace_back(std::move(waiting_.front()));
  waiting_.pop_front();
  ++call.attempts;
  call.end = link_.send(call.command);
  bytes_in_flight_ += call.command.size();
}

std::optional<std::uint64_t> Calls::owed() const {
  if (in_flight_.empty()) return std::nullopt;
  return in_flight_.front().end;
}

// -- replies --------------------------------------------------------------------------------------

void Calls::on_replies(std::vector<Reply>& replies) {
  if (!early_.empty()) return drop_for_early_replies();
  take_replies(replies);
}

void Calls::take_replies(std::vector<Reply>& replies) {
  for (auto at = replies.begin(); at != replies.end() && !to_drop_; ++at) {
    if (in_flight_.empty()) {
      to_drop_ = {unavailable(surroundings_.endpoint,
                              "answered what it was not asked: " + to_string(*at),
                              "is it Redis that listens there?")};
    } else if (in_flight_.front().end > link_.written()) {
      early_.assign(std::move_iterator{at}, std::move_iterator{replies.end()});
      break;
    } else {
      take_reply(std::move(*at));
    }
  }
  if (to_drop_) link_.drop(*std::exchange(to_drop_, std::nullopt));
}

void Calls::take_early_replies() {
  if (early_.empty() || in_flight_.front().end > link_.written()) return;
  auto replies = std::exchange(early_, {});
  take_replies(replies);
}

void Calls::drop_for_early_replies() {
  link_.drop({unavailable(surroundings_.endpoint,
                          "answered before it was asked: " + to_string(early_.front()),
                          "is it Redis that listens there?")});
}

void Calls::take_reply(Reply reply) {
  Call call = std::move(in_flight_.front());
  in_flight_.pop_front();
  bytes_in_flight_ -= call.command.size();
  if (reply.is_error()) return take_refusal(std::move(call), reply);
  finish(call, std::move(reply));
}

void Calls::take_refusal(Call call, const Reply& reply) {
  Error error = refused(surroundings_.endpoint, call.command.name(), reply.text());
  const Remedy remedy = remedy_of(reply.text());
  if (remedy == Remedy::none) return finish(call, std::move(error));
  const bool is_script = call.command.script().has_value();
  if (remedy == Remedy::load_script && !is_script) return finish(call, std::move(error));
  call.reason = std::move(error.message);
  call.hint = std::move(error.hint);
  if (remedy == Remedy::load_script) return load_script(std::move(call));
  if (remedy == Remedy::reconnect) {
    to_drop_ = {unavailable(surroundings_.endpoint, "became a replica", hint_of(reply.text()))};
  }
  delay(std::move(call));
}

void Calls::finish(Call& call, Result<Reply> result) {
  surroundings_.loop.note_callback();
  if (call.done) call.done(std::move(result));
}

void Calls::give_up(Call call) {
  Error reason{.message = std::move(call.reason), .hint = std::move(call.hint)};
  if (reason.message.empty()) reason = link_.trouble();
  const auto passed = surroundings_.loop.now() - call.asked;
  std::string tried = "it was never sent";
  if (call.attempts == 1) tried = "it was sent once";
  if (call.attempts > 1) tried = "it was sent " + std::to_string(call.attempts) + " times";
  finish(call, Error{.code = Errc::store_unavailable,
                     .message = std::string{call.command.name()} + " could not be carried out in " +
                                format_duration(passed) + " (" + tried + "): " + reason.message,
                     .hint = std::move(reason.hint)});
}

// -- again ----------------------------------------------------------------------------------------

Call Calls::take_last_from_flight() {
  Call call = std::move(in_flight_.back());
  in_flight_.pop_back();
  bytes_in_flight_ -= call.command.size();
  return call;
}

void Calls::put_back(Call call) {
  waiting_.push_front(std::move(call));
}

void Calls::delay(Call call) {
  if (is_overdue(call)) return give_up(std::move(call));
  const double share = std::uniform_real_distribution<double>{0, 1}(dice_);
  const auto wait = backoff(surroundings_.options, ++call.refusals, share);
  // The last attempt is made just before it is too late.
  const auto last = call.asked + surroundings_.options.patience;
  const auto due = std::min(surroundings_.loop.now() + wait, last);
  const auto at = delayed_.emplace(due, std::move(call));
  if (at == delayed_.begin()) set_alarm();
}

void Calls::set_alarm() {
  const auto wait = delayed_.begin()->first - surroundings_.loop.now();
  alarm_.after(std::max(wait, Nanos{0}), [this] { send_delayed(); });
}

void Calls::send_delayed() {
  const auto end = delayed_.upper_bound(surroundings_.loop.now());
  for (auto at = end; at != delayed_.begin();) put_back(std::move((--at)->second));
  delayed_.erase(delayed_.begin(), end);
  if (!delayed_.empty()) set_alarm();
}

void Calls::load_script(Call call) {
  if (is_overdue(call)) return give_up(std::move(call));
  const Script script = *call.command.script();
  auto [known, is_new] = scripts_.try_emplace(script.sha1());
  if (!is_new && known->second) {
    if (call.attempts > 1) return finish(call, *known->second);
    is_new = true;  // It was refused for another call, which may be long ago.
    known->second.reset();
  }
  if (is_new) {
    Call load{.command = Command{"SCRIPT", "LOAD", script.source()}, .asked = call.asked};
    load.done = [this, sha1 = script.sha1()](Result<Reply> loaded) {
      if (loaded) {
        scripts_.erase(sha1);
      } else {
        scripts_[sha1] = std::move(loaded).error();
      }
    };
    waiting_.push_back(std::move(load));
  }
  // Behind what loads the script, in the same order over the same connection.
  waiting_.push_back(std::move(call));
}

// -- without a connection -------------------------------------------------------------------------

void Calls::on_down(const Failure& failure) {
  early_.clear();
  if (failure.reply_too_large && !in_flight_.empty()) give_up_oldest(failure.error);
  while (!in_flight_.empty()) {
    Call call = take_last_from_flight();
    call.reason = failure.error.message;
    call.hint = failure.error.hint;
    put_back(std::move(call));
  }
  give_up_staying(failure.error);
  if (failure.cure == Failure::Cure::people) refuse_waiting(failure.error);
  give_up_overdue();
  watch_patience();
  down_(failure);
}

/// Its reply would end the next connection, too.
void Calls::give_up_oldest(const Error& error) {
  Call call = std::move(in_flight_.front());
  in_flight_.pop_front();
  bytes_in_flight_ -= call.command.size();
  finish(call, Error{.code = Errc::limit_exceeded,
                     .message = error.message + " to " + std::string{call.command.name()},
                     .hint = "ask for less at once"});
}

/// Those that mean something on the connection alone that has been lost.
void Calls::give_up_staying(const Error& error) {
  const auto first = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [](const Call& call) { return !call.command.stays(); });
  // Taken out first: those who are told may ask for more.
  std::vector<Call> staying{std::move_iterator{first}, std::move_iterator{waiting_.end()}};
  waiting_.erase(first, waiting_.end());
  for (Call& call : staying) finish(call, error);
}

bool Calls::is_overdue(const Call& call) const {
  return surroundings_.loop.now() - call.asked >= surroundings_.options.patience;
}

void Calls::watch_patience() {
  // A call fails at most a twentieth, or a quarter of a second, late.
  constexpr Nanos least = std::chrono::milliseconds{1};
  constexpr Nanos most = std::chrono::milliseconds{250};
  patience_.after(std::clamp(surroundings_.options.patience / 20, least, most), [this] {
    give_up_overdue();
    watch_patience();
  });
}

void Calls::give_up_overdue() {
  const auto first = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [this](const Call& call) { return !is_overdue(call); });
  // Taken out first: those who are told may ask for more.
  std::vector<Call> overdue{std::move_iterator{first}, std::move_iterator{waiting_.end()}};
  waiting_.erase(first, waiting_.end());
  for (Call& call : overdue) give_up(std::move(call));
}

void Calls::refuse_waiting(const Error& error) {
  auto waiting = std::exchange(waiting_, {});
  for (auto& [due, call] : std::exchange(delayed_, {})) waiting.push_back(std::move(call));
  for (Call& call : waiting) finish(call, error);
}

}  // namespace weft::redis
