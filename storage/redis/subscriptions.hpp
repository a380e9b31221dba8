#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weft/storage/redis/link.hpp"

namespace weft::redis {

/// The subscriptions of a client, and the connection over which their messages come: made for the
/// first of them, and kept.
///
/// Belongs to the I/O thread.
class Subscriptions : private Link::User {
public:
  using Up = std::function<void(const Greeting& greeting)>;
  /// A lost connection is back, and Redis has confirmed all subscriptions over the new one.
  using Restored = std::function<void()>;

  Subscriptions(Surroundings& surroundings, Up up, Restored restored);

  void subscribe(std::string channel, Client::Take take, Client::Ready ready);
  void unsubscribe(const std::string& channel);
  void flush() { link_.flush(); }
  /// Ends all; further ones are refused.
  void close();

private:
  struct Subscription {
    std::uint64_t id;  ///< Of the request that is to confirm it.
    Client::Take take;
    Client::Ready ready;  ///< Empty once it has been called.
    bool is_confirmed;
  };
  enum class Ask { subscribe, unsubscribe, ping };
  /// What Redis still has to answer; it answers in order.
  struct Request {
    Ask ask;
    std::string channel;
    std::uint64_t id;
    std::uint64_t end;  ///< Where it ends on the connection.
  };

  void on_up(const Greeting& greeting) override;
  void on_replies(std::vector<Reply>& replies) override;
  void on_down(const Failure& failure) override;
  [[nodiscard]] std::optional<std::uint64_t> owed() const override;

  void ask(Ask what, const std::string& channel, std::uint64_t id);
  /// False when the server answered what was not asked.
  bool take(const Reply& reply);
  bool take_answer(Ask what, const Reply& reply);
  bool take_refusal(const Reply& reply);
  void confirm(const Request& request);
  void cancel(const std::string& channel, Subscription& subscription);
  void refuse_as_closed(Subscription& subscription);
  void tell(Subscription& subscription, Result<void> result);
  void look_for_all_confirmed();
  void beat();

  Surroundings& surroundings_;
  Up up_;
  Restored restored_;
  Link link_;
  bool is_started_ = false;
  bool was_up_ = false;
  bool is_closed_ = false;
  bool has_gap_ = false;  ///< A connection was lost, and its end is not yet made good.
  std::map<std::string, Subscription, std::less<>> subscriptions_;
  std::deque<Request> requests_;
  std::uint64_t last_id_ = 0;
  Timer heart_;
};

}  // namespace weft::redis
