#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weft/storage/redis/command.hpp"
#include "weft/storage/redis/endpoint.hpp"
#include "weft/storage/redis/reply.hpp"
#include "weft/workflow/units.hpp"

namespace weft::redis {

/// How a client behaves. Durations are positive and at most `longest_wait`.
struct ClientOptions {
  /// For the first connection, however often it is tried; later for each attempt.
  Nanos connect_timeout = std::chrono::seconds{5};
  /// How long a call that could not be carried out is tried again before it fails.
  Nanos patience = std::chrono::seconds{10};
  /// How long a connection that owes a reply may be silent before it counts as lost.
  Nanos silence = std::chrono::seconds{5};
  /// Waits between attempts double from the least to the most, less up to a half by chance.
  Nanos backoff_min = std::chrono::milliseconds{20};
  Nanos backoff_max = std::chrono::seconds{2};
  /// What may be on the wire without a reply; further calls wait in order. One call always may.
  std::size_t commands_in_flight_max = 4096;
  Bytes bytes_in_flight_max{std::uint64_t{64} << 20};
  ReplyLimits reply_limits;
  /// How Redis lists this client.
  std::string name = "weft";
  /// Called on the I/O thread whenever it has called back (`done`, messages, posted functions,
  /// timers), once for all that came together, before it waits again. May be empty.
  std::function<void()> after_burst;
};

/// A connection was lost and is back: messages may have been missed meanwhile.
struct Reconnection {
  /// Redis is another one than before: restarted, or a replica took over. It may have lost its
  /// latest writes. True once for each change, whichever connection saw it first.
  bool new_incarnation = false;
  std::string incarnation;  ///< As `Client::incarnation`.
};

/// What a client has done since it was made.
struct ClientStatistics {
  std::uint64_t commands_sent = 0;  ///< Those that were sent again count again.
  Bytes sent;
  Bytes received;
  std::uint64_t reconnects = 0;  ///< Of either connection.
  std::size_t in_flight = 0;     ///< Now: written, or being written, without a reply.
  std::size_t queued = 0;        ///< Now: as `Client::queued`.
};

/// A client of one Redis server: one connection for calls, another for messages, and a thread of
/// its own that serves both.
///
/// Thread-safe. Every callback runs on the I/O thread, one at a time, and must neither block nor
/// throw; it may use the client. Callbacks are destroyed on the I/O thread or by the destructor.
///
/// A call that cannot be carried out (the connection is lost, Redis is loading, busy, out of
/// memory, cannot write to its disk, or is a replica now) is sent again until
/// `ClientOptions::patience` has passed since it was asked for. So it may be carried out twice: the
/// caller promises that this is safe. A call fails with
///   - `store_unavailable` when it was not carried out in time, or is not known to be; the message
///     says what was tried, for how long, and the last reason. At once, when Redis does not accept
///     our credentials or grants us no right.
///   - `internal` when Redis refused the command itself; the message has its words.
class Client {
public:
  using Done = std::function<void(Result<Reply>)>;
  using AllDone = std::function<void(std::vector<Result<Reply>>)>;
  using Take = std::function<void(std::string_view message)>;
  using Ready = std::function<void(Result<void>)>;

  /// Connects, waiting at most `ClientOptions::connect_timeout`. Fails with `invalid_config` when
  /// endpoint or options cannot be used, else with `store_unavailable`: names the endpoint, what
  /// happened, and what to do.
  static Result<std::unique_ptr<Client>> connect(Endpoint endpoint, ClientOptions options = {});

  /// Fails what has not ended with `store_unavailable`, and waits until the callbacks have run.
  /// Timers that are not due yet are dropped. A callback that asks for more is failed again, so it
  /// must not ask without end. May wait for the system to give up looking up the host's name.
  /// @pre not called on the I/O thread
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // -- calls --------------------------------------------------------------------------------------

  /// Sends `command`. `done` is called exactly once, never from inside of this function. Not for
  /// commands that block, subscribe, or change the connection, nor for `MULTI`: use a script.
  void call(Command command, Done done);

  /// Sends `commands` in order, in one go; `done` is told all results, in order, after the last.
  /// One that has to be sent again goes behind those that follow it.
  void call_all(std::vector<Command> commands, AllDone done);

  /// Calls that wait because too much is in flight, for a connection, or to be tried again.
  [[nodiscard]] std::size_t queued() const;

  // -- messages -----------------------------------------------------------------------------------

  /// Calls `take` for each message published to `channel` from now on, and `ready` once: when Redis
  /// has confirmed, so that nothing later is missed but by a lost connection (see `on_reconnect`),
  /// or when it refused. A channel has one subscription; another replaces it. Messages are hints.
  void subscribe(std::string channel, Take take, Ready ready);

  /// Ends the subscription. Messages on their way may still be taken until the I/O thread has seen
  /// this; none once a function posted after it runs.
  void unsubscribe(const std::string& channel);

  /// Adds a listener: called after a connection that was lost is back, the one for messages with
  /// all its subscriptions.
  void on_reconnect(std::function<void(const Reconnection&)> listener);

  /// Which Redis this is, as it named itself at the latest connection: differs after a restart or a
  /// fail-over. Printable, below 100 bytes.
  [[nodiscard]] std::string incarnation() const;

  // -- the I/O thread -----------------------------------------------------------------------------

  /// Runs `function` on the I/O thread, never inside of this call, in the order of posting.
  void post(std::function<void()> function);

  /// Runs `function` on the I/O thread once `delay` has passed.
  void run_after(Nanos delay, std::function<void()> function);

  [[nodiscard]] bool on_io_thread() const;

  [[nodiscard]] ClientStatistics statistics() const;

private:
  class Core;

  explicit Client(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace weft::redis
