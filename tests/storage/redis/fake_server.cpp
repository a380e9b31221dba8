#include "storage/redis/fake_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace weft::test {
namespace {

/// Takes one request off the front of `received`: an array of texts. None while it is not complete.
std::optional<FakeServer::Request> take_request(std::string& received) {
  std::size_t at = 0;
  const auto number = [&]() -> std::optional<std::size_t> {
    const auto end = received.find("\r\n", at);
    if (end == std::string::npos) return std::nullopt;
    const auto value = std::stoul(received.substr(at + 1, end - at - 1));
    at = end + 2;
    return value;
  };
  FakeServer::Request request;
  const auto count = number();
  for (std::size_t i = 0; count && i < *count; ++i) {
    const auto size = number();
    if (!size || received.size() < at + *size + 2) return std::nullopt;
    request.push_back(received.substr(at, *size));
    at += *size + 2;
  }
  if (!count) return std::nullopt;
  received.erase(0, at);
  return request;
}

}  // namespace

std::string FakeServer::info(const std::string& version, const std::string& run_id) {
  const std::string text = "# Server\r\nredis_version:" + version + "\r\nrun_id:" + run_id +
                           "\r\nrole:master\r\nmaster_replid:1234\r\n";
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

FakeServer::Answer FakeServer::after_greeting(Answer answer) {
  return [answer = std::move(answer)](const Request& request) -> std::optional<std::string> {
    if (request.front() == "CLIENT") return "+OK\r\n";
    if (request.front() == "INFO") return info("7.0.0", "abcd");
    return answer(request);
  };
}

FakeServer::FakeServer(Answer answer, std::string banner)
  : answer_(std::move(answer)), banner_(std::move(banner)) {
  std::string name = std::filesystem::temp_directory_path() / "weft-fake-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no folder for a fake server"};
  directory_ = name;
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  endpoint().unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
  constexpr int backlog = 16;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, backlog) != 0) {
    throw std::runtime_error{"no socket for a fake server"};
  }
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread{[this] { serve(); }};
}

FakeServer::~FakeServer() {
  ::eventfd_write(stop_, 1);
  thread_.join();
  ::close(listener_);
  ::close(stop_);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

redis::Endpoint FakeServer::endpoint() const {
  redis::Endpoint endpoint;
  endpoint.unix_path = directory_ / "fake.sock";
  return endpoint;
}

void FakeServer::serve() {
  for (;;) {
    std::vector<pollfd> wanted{{stop_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& [socket, received] : received_) wanted.push_back({socket, POLLIN, 0});
    ::poll(wanted.data(), wanted.size(), -1);
    if (wanted[0].revents != 0) break;
    if (wanted[1].revents != 0) accept_one();
    for (std::size_t i = 2; i < wanted.size(); ++i) {
      const int socket = wanted[i].fd;
      if (wanted[i].revents == 0 || serve_one(socket, received_[socket])) continue;
      ::close(socket);
      received_.erase(socket);
    }
  }
  for (const auto& [socket, received] : received_) ::close(socket);
}

void FakeServer::accept_one() {
  const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) return;
  ++connections_;
  ::send(socket, banner_.data(), banner_.size(), MSG_NOSIGNAL);
  received_[socket];
}

bool FakeServer::serve_one(int socket, std::string& received) {
  std::array<char, std::size_t{64} << 10> bytes{};
  const auto count = ::read(socket, bytes.data(), bytes.size());
  if (count <= 0) return false;
  received.append(bytes.data(), static_cast<std::size_t>(count));
  while (auto request = take_request(received)) {
    const auto reply = answer_(*request);
    if (!reply) return false;
    ::send(socket, reply->data(), reply->size(), MSG_NOSIGNAL);
  }
  return true;
}

}  // namespace weft::test
