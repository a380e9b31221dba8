#include "storage/redis/redis_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace weft::test {
namespace {

namespace fs = std::filesystem;

fs::path found_on_path(std::string_view program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders{path == nullptr ? "" : path};
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path candidate = fs::path{folder} / program;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

fs::path new_directory() {
  std::string name = fs::temp_directory_path() / "weft-redis-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no folder for redis-server"};
  return name;
}

/// A port that nobody listened on a moment ago.
std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool bound = ::bind(socket, any, size) == 0 && ::getsockname(socket, any, &size) == 0;
  ::close(socket);
  if (!bound) throw std::runtime_error{"no free port for redis-server"};
  return ntohs(address.sin_port);
}

/// Between fork and exec only what is safe after a fork of a process with threads.
[[noreturn]] void become(char* const* arguments, const char* log, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // It ended before it was to be watched.
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

pid_t spawn(const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<char*> raw;
  for (const auto& argument : arguments) raw.push_back(const_cast<char*>(argument.c_str()));
  raw.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(raw.data(), log.c_str(), parent);
  if (child < 0) throw std::runtime_error{"cannot start " + arguments[0]};
  return child;
}

void run_program(const std::vector<std::string>& arguments, const fs::path& log) {
  int status = 0;
  const pid_t child = spawn(arguments, log);
  if (::waitpid(child, &status, 0) != child || status != 0) {
    throw std::runtime_error{arguments[0] + " failed; it said:\n" + [&] {
      std::ifstream file{log};
      return std::string{std::istreambuf_iterator<char>{file}, {}};
    }()};
  }
}

/// An authority, and a certificate for localhost that it has signed.
void make_certificates(const fs::path& directory) {
  const std::string openssl = found_on_path("openssl");
  if (openssl.empty()) throw std::runtime_error{"openssl is not installed"};
  const auto in = [&](const char* name) { return (directory / name).string(); };
  const fs::path log = directory / "openssl.log";
  run_program({openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-days", "2", "-subj", "/CN=weft test authority", "-keyout",
               in("authority.key"), "-out", in("authority.pem")},
              log);
  run_program({openssl, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-subj", "/CN=localhost", "-keyout", in("server.key"), "-out", in("server.request")},
              log);
  std::ofstream{directory / "names"} << "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
  run_program({openssl, "x509", "-req", "-in", in("server.request"), "-CA", in("authority.pem"),
               "-CAkey", in("authority.key"), "-CAcreateserial", "-days", "2", "-extfile",
               in("names"), "-out", in("server.pem")},
              log);
}

int connected(const std::string& path) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return socket;
  ::close(socket);
  return -1;
}

/// What `command` is answered at the socket; empty if nobody is there or nothing comes in a second.
std::string answer(const std::string& path, const std::vector<std::string_view>& command) {
  const int socket = connected(path);
  if (socket < 0) return {};
  std::string request = "*" + std::to_string(command.size()) + "\r\n";
  for (const auto part : command) {
    request.append("$").append(std::to_string(part.size())).append("\r\n").append(part);
    request.append("\r\n");
  }
  std::string reply;
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    constexpr int second_in_ms = 1000;
    pollfd readable{socket, POLLIN, 0};
    if (::poll(&readable, 1, second_in_ms) == 1) {
      reply.resize(std::size_t{64} << 10);
      const auto size = ::read(socket, reply.data(), reply.size());
      reply.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    }
  }
  ::close(socket);
  return reply;
}

}  // namespace

void wait_a_moment() {
  std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

bool RedisServer::installed() {
  return !found_on_path("redis-server").empty();
}

RedisServer::RedisServer(RedisServerOptions options)
  : options_(std::move(options)),
    directory_(options_.directory.empty() ? new_directory() : options_.directory) {
  if (options_.tcp) port_ = free_port();
  if (options_.tls) {
    make_certificates(directory_);
    tls_port_ = free_port();
  }
  if (!options_.users.empty()) std::ofstream{directory_ / "users.acl"} << options_.users;
  start();
}

RedisServer::~RedisServer() {
  kill();
  std::error_code ignored;
  if (options_.directory.empty()) fs::remove_all(directory_, ignored);
}

std::vector<std::string> RedisServer::arguments() const {
  const auto in = [&](const char* name) { return (directory_ / name).string(); };
  std::vector<std::string> all{found_on_path("redis-server"),
                               "--port",
                               std::to_string(port_),
                               "--bind",
                               "127.0.0.1",
                               "--unixsocket",
                               socket_path(),
                               "--dir",
                               directory_,
                               "--save",
                               ""};
  const auto add = [&](std::initializer_list<std::string> more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  if (options_.tls) {
    add({"--tls-port", std::to_string(tls_port_), "--tls-cert-file", in("server.pem")});
    add({"--tls-key-file", in("server.key"), "--tls-ca-cert-file", in("authority.pem")});
    add({"--tls-auth-clients", "optional"});
  }
  if (!options_.users.empty()) add({"--aclfile", in("users.acl")});
  if (options_.keep == RedisServerOptions::Keep::everything) {
    add({"--appendonly", "yes", "--appendfsync", "always"});
  }
  if (!options_.memory_max.empty()) {
    add({"--maxmemory", options_.memory_max, "--maxmemory-policy", "noeviction"});
  }
  all.insert(all.end(), options_.arguments.begin(), options_.arguments.end());
  return all;
}

void RedisServer::start() {
  process_ = spawn(arguments(), directory_ / "redis.log");
  wait_until_it_answers();
}

void RedisServer::wait_until_it_answers() {
  int status = 0;
  bool ended = false;
  const bool answers = eventually([&] {
    ended = ::waitpid(process_, &status, WNOHANG) == process_;
    // It wants a password, or loads, or is a replica: it answers.
    return ended || !answer(socket_path(), {"PING"}).empty();
  });
  if (ended) process_ = -1;
  if (ended || !answers) throw std::runtime_error{"redis-server does not answer:\n" + log()};
}

void RedisServer::kill() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

void RedisServer::stop() const {
  ::kill(process_, SIGSTOP);
  int status = 0;
  ::waitpid(process_, &status, WUNTRACED);  // Until it has stopped.
}

void RedisServer::cont() const {
  ::kill(process_, SIGCONT);
}

std::string RedisServer::log() const {
  std::ifstream file{directory_ / "redis.log"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

redis::Endpoint RedisServer::endpoint() const {
  redis::Endpoint endpoint;
  endpoint.unix_path = socket_path();
  return endpoint;
}

redis::Endpoint RedisServer::tcp_endpoint() const {
  redis::Endpoint endpoint;
  endpoint.port = port_;
  return endpoint;
}

redis::Endpoint RedisServer::tls_endpoint() const {
  redis::Endpoint endpoint;
  endpoint.host = "localhost";
  endpoint.port = tls_port_;
  endpoint.tls = true;
  endpoint.tls_files.authorities = directory_ / "authority.pem";
  return endpoint;
}

std::string RedisServer::run(const std::vector<std::string_view>& command) const {
  return answer(socket_path(), command);
}

}  // namespace weft::test
