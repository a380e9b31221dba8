#include "weft/apps/weft/chaos_proxy.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "weft/apps/weft/chaos_dice.hpp"

namespace weft::cli {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;
using Time = std::chrono::steady_clock::time_point;

constexpr std::size_t queue_max = std::size_t{1} << 20;
constexpr std::size_t read_max = std::size_t{64} << 10;
/// Writes are no longer than what passes in so long, so that a narrow line is no line that stalls.
constexpr std::uint64_t writes_per_second = 50;

constexpr std::size_t kinds = 5;
std::size_t index_of(ProxyFaultKind kind) {
  return static_cast<std::size_t>(kind);
}

/// A fault that was begun.
struct Begun {
  ProxyFault fault;
  Time ends{};
  std::uint64_t draw = 0;  ///< Decides with a connection's number whether that is met.
};

/// The faults there are now. Lives on the proxy's thread.
class Faults {
public:
  explicit Faults(std::uint64_t seed) : dice(seed) {}

  void begin(const ProxyFault& fault, Time now) {
    begun_[index_of(fault.kind)] =
      Begun{.fault = fault, .ends = now + fault.lasts, .draw = dice.word()};
  }
  void end_all() { begun_.fill(std::nullopt); }

  /// The fault of that kind that meets the connection now.
  [[nodiscard]] const Begun* find(ProxyFaultKind kind, std::uint64_t connection,
                                  ProxyDirection direction, Time now) const {
    const auto& begun = begun_[index_of(kind)];
    if (!begun || now >= begun->ends) return nullptr;
    const ProxyFault& fault = begun->fault;
    if (fault.direction != ProxyDirection::both && direction != ProxyDirection::both &&
        fault.direction != direction) {
      return nullptr;
    }
    ChaosDice of_connection{begun->draw ^ connection};
    return of_connection.chance(fault.percent) ? &*begun : nullptr;
  }

  ChaosDice dice;

private:
  std::array<std::optional<Begun>, kinds> begun_;
};

/// What the connections of a proxy share. Lives on the proxy's thread, but for the statistics.
struct ProxyState {
  explicit ProxyState(std::uint64_t seed) : faults(seed) {}

  asio::io_context io{1};
  Faults faults;
  std::mutex mutex;
  ProxyStatistics statistics;  ///< Guarded by `mutex`.

  template <class Change>
  void count(Change change) {
    const std::lock_guard lock{mutex};
    change(statistics);
  }
};

/// A reset, where the protocol knows one.
void reset(Socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger{true, 0}, ignored);
  socket.close(ignored);
}

// -- a connection ---------------------------------------------------------------------------------

class Connection;

/// One direction of a connection.
class Pipe {
public:
  Pipe(Connection& owner, ProxyState& state, Socket& from, Socket& to, ProxyDirection direction)
    : owner_(owner), state_(state), from_(from), to_(to), direction_(direction), timer_(state.io) {}

  void read();
  void wake() { timer_.cancel(); }

private:
  struct Chunk {
    std::string bytes;
    Time due;
  };

  void take(std::size_t size);
  void write_next();
  void wait_until(Time time);
  [[nodiscard]] std::optional<Time> held_until() const;
  [[nodiscard]] bool cut_here();
  void written(std::size_t size);
  void end_of_stream();

  Connection& owner_;
  ProxyState& state_;
  Socket& from_;
  Socket& to_;
  ProxyDirection direction_;
  asio::steady_timer timer_;
  std::array<char, read_max> buffer_{};
  std::deque<Chunk> queue_;
  std::size_t queued_ = 0;
  Time free_at_{};  ///< When a narrow line has carried what was written.
  bool reading_ = false;
  bool writing_ = false;
  bool ended_ = false;  ///< The sender has.
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
  Connection(ProxyState& state, Socket client, std::uint64_t number)
    : number_(number),
      state_(state),
      client_(std::move(client)),
      server_(state.io),
      to_server_(*this, state, client_, server_, ProxyDirection::to_server),
      to_client_(*this, state, server_, client_, ProxyDirection::to_client) {}

  void connect(const Protocol::endpoint& server) {
    server_.async_connect(server, [self = shared_from_this()](error_code failure) {
      if (failure) {
        self->state_.count([](ProxyStatistics& s) { ++s.refused; });
        self->end();
        return;
      }
      self->to_server_.read();
      self->to_client_.read();
    });
  }

  void end() {
    reset(client_);
    reset(server_);
    wake();
  }
  void wake() {
    to_server_.wake();
    to_client_.wake();
  }
  void cut() {
    if (!client_.is_open()) return;
    state_.count([](ProxyStatistics& s) { ++s.resets; });
    end();
  }

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] bool open() const { return client_.is_open() && server_.is_open(); }

private:
  std::uint64_t number_;
  ProxyState& state_;
  Socket client_;
  Socket server_;
  Pipe to_server_;
  Pipe to_client_;
};

void Pipe::read() {
  if (reading_ || ended_ || queued_ >= queue_max || !from_.is_open()) return;
  reading_ = true;
  from_.async_read_some(asio::buffer(buffer_), [this, life = owner_.shared_from_this()](
                                                 error_code failure, std::size_t size) {
    reading_ = false;
    if (failure == asio::error::eof) {
      ended_ = true;
      write_next();
    } else if (failure) {
      if (failure != asio::error::operation_aborted) owner_.end();
    } else {
      take(size);
    }
  });
}

void Pipe::take(std::size_t size) {
  Time due = Time::clock::now();
  if (const Begun* slow =
        state_.faults.find(ProxyFaultKind::slow, owner_.number(), direction_, due)) {
    const Nanos latency = slow->fault.latency;
    due += latency + state_.faults.dice.between(Nanos{}, latency);
  }
  // What was said later never arrives earlier.
  if (!queue_.empty()) due = std::max(due, queue_.back().due);
  queue_.push_back({.bytes = {buffer_.data(), size}, .due = due});
  queued_ += size;
  write_next();
  read();
}

/// Until when nothing may be written.
std::optional<Time> Pipe::held_until() const {
  const Time time = Time::clock::now();
  if (const Begun* stall =
        state_.faults.find(ProxyFaultKind::stall, owner_.number(), direction_, time)) {
    return stall->ends;
  }
  const Time ready = queue_.empty() ? free_at_ : std::max(free_at_, queue_.front().due);
  if (ready > time) return ready;
  return std::nullopt;
}

void Pipe::wait_until(Time time) {
  writing_ = true;
  timer_.expires_at(time);
  timer_.async_wait([this, life = owner_.shared_from_this()](error_code) {
    writing_ = false;
    write_next();
  });
}

void Pipe::write_next() {
  if (writing_ || !owner_.open() || (queue_.empty() && !ended_)) return;
  if (const auto held = held_until()) {
    wait_until(*held);
    return;
  }
  if (queue_.empty()) {
    end_of_stream();
    return;
  }
  if (cut_here()) return;
  std::size_t size = queue_.front().bytes.size();
  if (const Begun* narrow = state_.faults.find(ProxyFaultKind::narrow, owner_.number(), direction_,
                                               Time::clock::now())) {
    const std::uint64_t rate = std::max<std::uint64_t>(narrow->fault.bytes_per_second, 1);
    size = std::min<std::size_t>(size, std::max<std::uint64_t>(rate / writes_per_second, 1));
    free_at_ = Time::clock::now() + Nanos{std::chrono::seconds{1}} * size / rate;
  }
  writing_ = true;
  asio::async_write(to_, asio::buffer(queue_.front().bytes.data(), size),
                    [this, life = owner_.shared_from_this()](error_code failure, std::size_t done) {
                      writing_ = false;
                      if (failure) {
                        if (failure != asio::error::operation_aborted) owner_.end();
                      } else {
                        written(done);
                      }
                    });
}

/// Resets the connection in the middle of what would be written next, if that is what is asked for.
bool Pipe::cut_here() {
  const Begun* cut = state_.faults.find(ProxyFaultKind::cut_reply, owner_.number(),
                                        ProxyDirection::both, Time::clock::now());
  const std::string& bytes = queue_.front().bytes;
  if (direction_ != ProxyDirection::to_client || !cut || bytes.size() < 2) return false;
  error_code ignored;
  const std::size_t part = state_.faults.dice.between(1, bytes.size() - 1);
  to_.write_some(asio::buffer(bytes.data(), part), ignored);
  state_.count([](ProxyStatistics& s) { ++s.cut_replies; });
  // No reset: that would take back what was written.
  to_.shutdown(Socket::shutdown_both, ignored);
  owner_.cut();
  return true;
}

void Pipe::written(std::size_t size) {
  state_.count([&](ProxyStatistics& s) {
    (direction_ == ProxyDirection::to_server ? s.bytes_to_server : s.bytes_to_client) += size;
  });
  queued_ -= size;
  std::string& bytes = queue_.front().bytes;
  bytes.erase(0, size);
  if (bytes.empty()) queue_.pop_front();
  read();
  write_next();
}

void Pipe::end_of_stream() {
  error_code ignored;
  to_.shutdown(Socket::shutdown_send, ignored);
}

}  // namespace

// -- the proxy ------------------------------------------------------------------------------------

class FaultProxy::Core {
public:
  explicit Core(ProxyOptions options)
    : options_(std::move(options)), state_(options_.seed), acceptor_(state_.io) {}

  ~Core() {
    if (!thread_.joinable()) return;
    asio::post(state_.io, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      for_each([](Connection& connection) { connection.end(); });
      state_.io.stop();
    });
    thread_.join();
    if (!options_.listen_path.empty()) ::unlink(options_.listen_path.c_str());
  }

  Result<void> listen() {
    error_code failure;
    Protocol::endpoint own;
    if (options_.listen_path.empty()) {
      own = asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), 0};
    } else {
      own = asio::local::stream_protocol::endpoint{options_.listen_path};
    }
    acceptor_.open(own.protocol(), failure);
    if (!failure) acceptor_.bind(own, failure);
    if (!failure) acceptor_.listen(asio::socket_base::max_listen_connections, failure);
    if (failure) {
      return Error{.code = Errc::io_failed,
                   .message = "the proxy cannot listen: " + failure.message()};
    }
    if (options_.listen_path.empty()) {
      asio::ip::tcp::endpoint bound;
      const auto any = acceptor_.local_endpoint(failure);
      bound.resize(any.size());
      std::copy_n(reinterpret_cast<const char*>(any.data()), any.size(),
                  reinterpret_cast<char*>(bound.data()));
      port_ = bound.port();
    }
    accept();
    thread_ = std::thread{[this] { state_.io.run(); }};
    return {};
  }

  void begin(const ProxyFault& fault) {
    asio::post(state_.io, [this, fault] {
      state_.faults.begin(fault, Time::clock::now());
      if (fault.kind == ProxyFaultKind::cut) {
        for_each([&](Connection& connection) {
          if (met_by_cut(connection.number())) connection.cut();
        });
      }
    });
  }

  void end_faults() {
    asio::post(state_.io, [this] {
      state_.faults.end_all();
      for_each([](Connection& connection) { connection.wake(); });
    });
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  ProxyStatistics statistics() {
    const std::lock_guard lock{state_.mutex};
    return state_.statistics;
  }

private:
  [[nodiscard]] bool met_by_cut(std::uint64_t connection) const {
    return state_.faults.find(ProxyFaultKind::cut, connection, ProxyDirection::both,
                              Time::clock::now());
  }

  template <class Body>
  void for_each(Body body) {
    std::erase_if(connections_, [](const auto& connection) { return connection.expired(); });
    for (const auto& weak : connections_) {
      if (const auto connection = weak.lock()) body(*connection);
    }
  }

  void accept() {
    acceptor_.async_accept([this](error_code failure, Socket client) {
      if (failure == asio::error::operation_aborted) return;
      if (!failure) take(std::move(client));
      accept();
    });
  }

  void take(Socket client) {
    const std::uint64_t number = next_++;
    state_.count([](ProxyStatistics& s) { ++s.connections; });
    if (met_by_cut(number)) {
      state_.count([](ProxyStatistics& s) { ++s.refused; });
      reset(client);
      return;
    }
    auto connection = std::make_shared<Connection>(state_, std::move(client), number);
    std::erase_if(connections_, [](const auto& one) { return one.expired(); });
    connections_.push_back(connection);
    if (options_.server_path.empty()) {
      connection->connect(
        asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), options_.server_port});
    } else {
      connection->connect(asio::local::stream_protocol::endpoint{options_.server_path});
    }
  }

  ProxyOptions options_;
  ProxyState state_;
  asio::basic_socket_acceptor<Protocol> acceptor_;
  std::vector<std::weak_ptr<Connection>> connections_;
  std::uint64_t next_ = 0;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

Result<std::unique_ptr<FaultProxy>> FaultProxy::start(ProxyOptions options) {
  auto core = std::make_unique<Core>(std::move(options));
  if (auto listens = core->listen(); !listens) return std::move(listens).error();
  return std::unique_ptr<FaultProxy>(new FaultProxy{std::move(core)});
}

FaultProxy::FaultProxy(std::unique_ptr<Core> core) : core_(std::move(core)) {}
FaultProxy::~FaultProxy() = default;

void FaultProxy::begin(const ProxyFault& fault) {
  core_->begin(fault);
}

void FaultProxy::end_faults() {
  core_->end_faults();
}

std::uint16_t FaultProxy::port() const {
  return core_->port();
}

ProxyStatistics FaultProxy::statistics() const {
  return core_->statistics();
}

std::string_view to_string(ProxyFaultKind kind) {
  constexpr std::array<std::string_view, kinds> names{"slow", "narrow", "stall", "cut",
                                                      "cut_reply"};
  return names[index_of(kind)];
}

}  // namespace weft::cli
