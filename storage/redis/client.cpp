#include "weft/storage/redis/client.hpp"

#include <algorithm>
#include <cctype>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "weft/storage/redis/calls.hpp"
#include "weft/storage/redis/subscriptions.hpp"
#include "weft/storage/redis/transport.hpp"
#include "weft/workflow/check.hpp"

namespace weft::redis {

namespace {

Error bad_option(std::string problem) {
  return {
    .code = Errc::invalid_config,
    .message = "the options of the connection to the store cannot be used: " + std::move(problem)};
}

Result<void> validate_options(const ClientOptions& options) {
  const auto is_wait = [](Nanos time) { return time > Nanos{0} && time <= longest_wait; };
  for (const Nanos time : {options.connect_timeout, options.patience, options.silence,
                           options.backoff_min, options.backoff_max}) {
    if (!is_wait(time)) return bad_option("a time is not positive, or above a year");
  }
  if (options.backoff_min > options.backoff_max) return bad_option("backoff_min > backoff_max");
  if (options.commands_in_flight_max == 0) return bad_option("commands_in_flight_max is 0");
  const bool is_name = std::all_of(options.name.begin(), options.name.end(),
                                   [](char c) { return c > ' ' && c <= '~'; });
  if (!is_name) return bad_option("its name has other than printable characters");
  return {};
}

/// The results of calls that were asked for together.
struct Together {
  Client::AllDone done;
  std::vector<Result<Reply>> results;
  std::size_t left;
};

}  // namespace

class Client::Core {
public:
  Core(Endpoint endpoint, ClientOptions options, std::shared_ptr<boost::asio::ssl::context> tls)
    : endpoint_(std::move(endpoint)),
      options_(std::move(options)),
      surroundings_{loop_, endpoint_, options_, std::move(tls)},
      calls_(
        surroundings_, [this](const Greeting& greeting) { on_calls_up(greeting); },
        [this](const Failure& failure) { on_calls_down(failure); }),
      subscriptions_(
        surroundings_, [this](const Greeting& greeting) { note(greeting); },
        [this] { tell_reconnection(); }) {}

  Result<void> connect();
  void close();

  void call(Command command, Done done);
  void call_all(std::vector<Command> commands, AllDone done);
  void post(std::function<void()> function);
  [[nodiscard]] std::size_t queued() const;
  [[nodiscard]] std::string incarnation() const;
  [[nodiscard]] ClientStatistics statistics() const;

  Loop& loop() { return loop_; }
  Subscriptions& subscriptions() { return subscriptions_; }
  void add_listener(std::function<void(const Reconnection&)> listener) {
    listeners_.push_back(std::move(listener));
  }

private:
  void take_inbox();
  void end_turn();
  void answer_connect(Result<void> result);
  void on_calls_up(const Greeting& greeting);
  void on_calls_down(const Failure& failure);
  void note(const Greeting& greeting);
  void tell_reconnection();

  const Endpoint endpoint_;
  const ClientOptions options_;
  Loop loop_;
  Surroundings surroundings_;

  // -- from any thread ----------------------------------------------------------------------------
  mutable std::mutex mutex_;
  std::vector<Call> inbox_;  ///< Guarded; calls that the I/O thread has not seen.
  bool is_woken_ = false;    ///< Guarded; whether it has been told of them.
  std::string incarnation_;  ///< Guarded.

  // -- of the I/O thread --------------------------------------------------------------------------
  std::vector<Call> taken_;  ///< The inbox's other half; keeps its memory.
  Calls calls_;
  Subscriptions subscriptions_;
  std::vector<std::function<void(const Reconnection&)>> listeners_;
  bool is_changed_ = false;  ///< Redis is another one, and no listener was told.
  bool was_up_ = false;
  bool is_closed_ = false;
  std::optional<std::promise<Result<void>>> connecting_;

  std::thread thread_;
};

// -- beginning and end ----------------------------------------------------------------------------

Result<void> Client::Core::connect() {
  connecting_.emplace();
  auto connected = connecting_->get_future();
  thread_ = std::thread{[this] { loop_.run([this] { end_turn(); }); }};
  loop_.post([this] {
    loop_.run_after(options_.connect_timeout, [this] { answer_connect(calls_.trouble()); });
    calls_.start();
  });
  return connected.get();
}

void Client::Core::answer_connect(Result<void> result) {
  if (!connecting_) return;
  connecting_->set_value(std::move(result));
  connecting_.reset();
}

void Client::Core::close() {
  check(!loop_.is_here(), "a client is not closed on its own I/O thread");
  loop_.post([this] {
    is_closed_ = true;
    calls_.close();
    subscriptions_.close();
    loop_.close();
  });
  thread_.join();
}

void Client::Core::end_turn() {
  calls_.take_early_replies();
  if (loop_.take_callbacks() && options_.after_burst) options_.after_burst();
  // Those who are told of the end may have asked for more.
  while (is_closed_ && calls_.has_waiting()) calls_.close();
  calls_.flush();
  subscriptions_.flush();
}

// -- calls ----------------------------------------------------------------------------------------

void Client::Core::call(Command command, Done done) {
  Call call{.command = std::move(command), .done = std::move(done), .asked = loop_.now()};
  if (loop_.is_here()) {
    take_inbox();  // What others have asked for before comes first.
    return calls_.add(std::move(call));
  }
  bool must_wake = false;
  {
    const std::lock_guard lock{mutex_};
    inbox_.push_back(std::move(call));
    must_wake = !std::exchange(is_woken_, true);
  }
  if (must_wake) loop_.post([this] { take_inbox(); });
}

void Client::Core::call_all(std::vector<Command> commands, AllDone done) {
  const auto count = commands.size();
  auto together = std::make_shared<Together>(std::move(done), std::vector<Result<Reply>>{}, count);
  if (count == 0) return post([together] { together->done({}); });
  together->results.reserve(count);
  for (std::size_t i = 0; i < count; ++i) together->results.emplace_back(Reply{});
  const auto asked = loop_.now();
  const auto call_of = [&](std::size_t index) {
    return Call{.command = std::move(commands[index]),
                .done =
                  [together, index](Result<Reply> result) {
                    together->results[index] = std::move(result);
                    if (--together->left == 0) together->done(std::move(together->results));
                  },
                .asked = asked};
  };
  if (loop_.is_here()) {
    take_inbox();
    for (std::size_t i = 0; i < count; ++i) calls_.add(call_of(i));
    return;
  }
  bool must_wake = false;
  {
    const std::lock_guard lock{mutex_};
    for (std::size_t i = 0; i < count; ++i) inbox_.push_back(call_of(i));
    must_wake = !std::exchange(is_woken_, true);
  }
  if (must_wake) loop_.post([this] { take_inbox(); });
}

void Client::Core::take_inbox() {
  {
    const std::lock_guard lock{mutex_};
    taken_.swap(inbox_);
    is_woken_ = false;
  }
  for (Call& call : taken_) calls_.add(std::move(call));
  taken_.clear();
}

void Client::Core::post(std::function<void()> function) {
  loop_.post([this, function = std::move(function)] {
    loop_.note_callback();
    function();
  });
}

// -- connections ----------------------------------------------------------------------------------

void Client::Core::on_calls_up(const Greeting& greeting) {
  note(greeting);
  if (std::exchange(was_up_, true)) {
    tell_reconnection();
  } else {
    answer_connect({});
  }
}

void Client::Core::on_calls_down(const Failure& failure) {
  if (failure.cure == Failure::Cure::people) answer_connect(failure.error);
}

void Client::Core::note(const Greeting& greeting) {
  const std::lock_guard lock{mutex_};
  if (!incarnation_.empty() && incarnation_ != greeting.incarnation) is_changed_ = true;
  incarnation_ = greeting.incarnation;
}

void Client::Core::tell_reconnection() {
  const Reconnection reconnection{std::exchange(is_changed_, false), incarnation()};
  for (const auto& listener : listeners_) {
    loop_.note_callback();
    listener(reconnection);
  }
}

// -- what can be asked ----------------------------------------------------------------------------

std::size_t Client::Core::queued() const {
  const std::lock_guard lock{mutex_};
  return inbox_.size() + calls_.waiting();
}

std::string Client::Core::incarnation() const {
  const std::lock_guard lock{mutex_};
  return incarnation_;
}

ClientStatistics Client::Core::statistics() const {
  constexpr auto relaxed = std::memory_order_relaxed;
  return {.commands_sent = surroundings_.commands_sent.load(relaxed),
          .sent = {surroundings_.bytes_sent.load(relaxed)},
          .received = {surroundings_.bytes_received.load(relaxed)},
          .reconnects = surroundings_.reconnects.load(relaxed),
          .in_flight = calls_.in_flight(),
          .queued = queued()};
}

// -- the client -----------------------------------------------------------------------------------

Result<std::unique_ptr<Client>> Client::connect(Endpoint endpoint, ClientOptions options) {
  if (auto valid = validate(endpoint); !valid) return valid.error();
  if (auto valid = validate_options(options); !valid) return valid.error();
  auto tls = make_tls(endpoint);
  if (!tls) return std::move(tls).error();
  std::unique_ptr<Client> client{
    new Client{std::make_unique<Core>(std::move(endpoint), std::move(options), std::move(*tls))}};
  if (auto connected = client->core_->connect(); !connected) return connected.error();
  return client;
}

Client::Client(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Client::~Client() {
  core_->close();
}

void Client::call(Command command, Done done) {
  core_->call(std::move(command), std::move(done));
}

void Client::call_all(std::vector<Command> commands, AllDone done) {
  core_->call_all(std::move(commands), std::move(done));
}

std::size_t Client::queued() const {
  return core_->queued();
}

void Client::subscribe(std::string channel, Take take, Ready ready) {
  core_->loop().post([core = core_.get(), channel = std::move(channel), take = std::move(take),
                      ready = std::move(ready)]() mutable {
    core->subscriptions().subscribe(std::move(channel), std::move(take), std::move(ready));
  });
}

void Client::unsubscribe(const std::string& channel) {
  core_->loop().post([core = core_.get(), channel] { core->subscriptions().unsubscribe(channel); });
}

void Client::on_reconnect(std::function<void(const Reconnection&)> listener) {
  core_->loop().post([core = core_.get(), listener = std::move(listener)]() mutable {
    core->add_listener(std::move(listener));
  });
}

std::string Client::incarnation() const {
  return core_->incarnation();
}

void Client::post(std::function<void()> function) {
  core_->post(std::move(function));
}

void Client::run_after(Nanos delay, std::function<void()> function) {
  if (on_io_thread()) return core_->loop().run_after(delay, std::move(function));
  core_->loop().post([core = core_.get(), delay, function = std::move(function)]() mutable {
    core->loop().run_after(delay, std::move(function));
  });
}

bool Client::on_io_thread() const {
  return core_->loop().is_here();
}

ClientStatistics Client::statistics() const {
  return core_->statistics();
}

}  // namespace weft::redis
