#include "weft/storage/redis/link.hpp"

#include <utility>

#include "weft/storage/redis/backoff.hpp"

namespace weft::redis {

Link::Link(Surroundings& surroundings, Link::User& user)
  : surroundings_(surroundings),
    user_(user),
    next_attempt_(surroundings.loop.context()),
    watch_(surroundings.loop.context()),
    dice_(std::random_device{}()) {}

void Link::start() {
  connect();
}

void Link::connect() {
  Connection::User& user = *this;
  connection_ = std::make_shared<Connection>(surroundings_, user);
  connection_->open();
}

void Link::close() {
  next_attempt_.cancel();
  watch_.cancel();
  is_up_ = false;
  if (connection_) connection_->close();
}

void Link::drop(Failure failure) {
  if (connection_) connection_->lose(std::move(failure));
}

Error Link::trouble() const {
  if (last_failure_) return *last_failure_;
  return connection_->overdue().error;
}

void Link::on_open(const Greeting& greeting) {
  is_up_ = true;
  up_since_ = surroundings_.loop.now();
  last_failure_.reset();
  if (std::exchange(was_up_, true)) surroundings_.reconnects.fetch_add(1);
  user_.on_up(greeting);
}

void Link::on_replies(std::vector<Reply>& replies) {
  user_.on_replies(replies);
}

void Link::on_lost(const Failure& failure) {
  // One that ends as soon as it is made counts on, so that a server which only greets is not
  // hammered.
  const bool has_held =
    is_up_ && surroundings_.loop.now() - up_since_ > surroundings_.options.backoff_max;
  failures_ = has_held ? 1 : failures_ + 1;
  is_up_ = false;
  is_watching_ = false;
  watch_.cancel();
  last_failure_ = failure.error;
  const double share = std::uniform_real_distribution<double>{0, 1}(dice_);
  next_attempt_.after(backoff(surroundings_.options, failures_, share), [this] { connect(); });
  user_.on_down(failure);
}

std::uint64_t Link::send(const Command& command) {
  if (!std::exchange(is_watching_, true)) {
    connection_->touch();
    watch();
  }
  return connection_->send(command);
}

void Link::flush() {
  if (is_up_) connection_->flush();
}

void Link::watch() {
  // Looked at so often that silence is noticed at most a quarter late.
  watch_.after(surroundings_.options.silence / 4, [this] { look_for_silence(); });
}

void Link::look_for_silence() {
  if (!owed()) {
    is_watching_ = false;
    return;
  }
  const auto silent_for = surroundings_.loop.now() - connection_->last_progress();
  if (silent_for < surroundings_.options.silence) return watch();
  drop({unavailable(surroundings_.endpoint,
                    "owed a reply and was silent for " + format_duration(silent_for),
                    "does Redis hang, is a script running for long, or is the network cut?")});
}

}  // namespace weft::redis
