#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "weft/storage/redis/link.hpp"

namespace weft::redis {

/// One call of a user, until it has ended.
struct Call {
  Command command;
  Client::Done done;
  TimePoint asked{};
  std::uint64_t end = 0;       ///< Where it ends on the connection that it was last sent over.
  std::uint32_t attempts = 0;  ///< How often it was sent.
  std::uint32_t refusals = 0;  ///< How often Redis could not carry it out.
  std::string reason;          ///< Why the last attempt did not succeed; empty: not known yet.
  std::string hint;
};

/// The calls of a client, and the connection that carries them.
///
///   waiting --> in flight --> ended
///      ^            |
///      +-- delayed <+  (refused for now: again after a wait)
///      +------------+  (the connection was lost: again over the next)
///
/// Belongs to the I/O thread; the counts may be read by any.
class Calls : private Link::User {
public:
  /// Told of each connection that comes up.
  using Up = std::function<void(const Greeting& greeting)>;
  /// Told of each that was lost or could not be made.
  using Down = std::function<void(const Failure& failure)>;

  Calls(Surroundings& surroundings, Up up, Down down);

  void start() { link_.start(); }
  /// Fails every call. Further ones are failed by `close` again.
  void close();

  void add(Call call);
  [[nodiscard]] bool has_waiting() const { return !waiting_.empty(); }
  /// Takes replies that came before it was known that their commands had been written. Called at
  /// the end of each turn, before `flush`.
  void take_early_replies();
  /// Sends what may be sent. Called at the end of each turn.
  void flush();

  [[nodiscard]] Error trouble() const { return link_.trouble(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_count_.load(relaxed); }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_count_.load(relaxed); }

private:
  static constexpr auto relaxed = std::memory_order_relaxed;

  void on_up(const Greeting& greeting) override;
  void on_replies(std::vector<Reply>& replies) override;
  void on_down(const Failure& failure) override;
  [[nodiscard]] std::optional<std::uint64_t> owed() const override;

  // -- sending ------------------------------------------------------------------------------------
  [[nodiscard]] bool may_send(std::size_t bytes) const;
  void send_next();

  // -- replies ------------------------------------------------------------------------------------
  void take_replies(std::vector<Reply>& replies);
  void take_reply(Reply reply);
  void drop_for_early_replies();
  void take_refusal(Call call, const Reply& reply);
  void finish(Call& call, Result<Reply> result);
  void give_up(Call call);

  // -- again --------------------------------------------------------------------------------------
  Call take_last_from_flight();
  void put_back(Call call);
  void delay(Call call);
  void send_delayed();
  void set_alarm();
  void load_script(Call call);

  // -- too late -----------------------------------------------------------------------------------
  [[nodiscard]] bool is_overdue(const Call& call) const;
  void watch_patience();
  void give_up_overdue();
  void give_up_oldest(const Error& error);
  void give_up_staying(const Error& error);
  void refuse_waiting(const Error& error);

  Surroundings& surroundings_;
  Up up_;
  Down down_;
  Link link_;

  std::deque<Call> waiting_;
  std::deque<Call> in_flight_;
  std::multimap<TimePoint, Call> delayed_;  ///< By when they are due.
  std::size_t bytes_in_flight_ = 0;
  /// Replies that were read just before the end of the write that they answer was seen. Never from
  /// two reads: that end is what is seen next.
  std::vector<Reply> early_;
  std::optional<Failure> to_drop_;  ///< Why the connection ends once its replies have been taken.

  /// Scripts being given to Redis, by their SHA-1, and what it said of those that it refused.
  std::unordered_map<std::string, std::optional<Error>> scripts_;

  Timer alarm_;     ///< For the first of `delayed_`.
  Timer patience_;  ///< While there is no connection.
  std::minstd_rand dice_;
  std::atomic<std::size_t> waiting_count_{0};
  std::atomic<std::size_t> in_flight_count_{0};
};

}  // namespace weft::redis
