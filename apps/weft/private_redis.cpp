#include "weft/apps/weft/private_redis.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <thread>
#include <utility>

#include "weft/runtime/engine_options.hpp"
#include "weft/runtime/store_connection.hpp"
#include "weft/runtime/program_search.hpp"

namespace weft::cli {

namespace {

Error cannot_start(const std::string& why) {
  return {.code = Errc::store_unavailable,
          .message = "no Redis could be started: " + why,
          .hint = "install redis-server, or name one that runs with --store"};
}

}  // namespace

Result<PrivateRedis> PrivateRedis::start() {
  const auto program = find_program("redis-server", {}, search_path());
  if (!program) return cannot_start("there is no redis-server on PATH");
  std::string pattern = (std::filesystem::temp_directory_path() / "weft-redis-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) return cannot_start("no folder can be made in " + pattern);
  const std::filesystem::path folder = pattern;
  const std::string socket = (folder / "redis.sock").string();
  const std::string path = program->string();
  const char* const arguments[] = {path.c_str(),   "--port", "0",      "--unixsocket",
                                   socket.c_str(), "--save", "",       "--appendonly",
                                   "no",           "--dir",  pattern.c_str(), nullptr};
  const pid_t process = ::fork();
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_RDWR);
    ::dup2(nowhere, 0);
    ::dup2(nowhere, 1);
    ::dup2(nowhere, 2);
    ::execv(path.c_str(), const_cast<char* const*>(arguments));
    ::_exit(127);
  }
  PrivateRedis redis{folder, process};
  if (process < 0) return cannot_start("no process could be made");
  StoreOptions options;
  options.url = redis.url();
  constexpr int looks = 200;
  for (int i = 0; i < looks; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
    if (std::filesystem::exists(socket) && connect_store(options)) return redis;
    if (::waitpid(process, nullptr, WNOHANG) == process) {
      redis.process_ = 0;
      return cannot_start("redis-server ended at once");
    }
  }
  return cannot_start("it does not answer");
}

PrivateRedis::~PrivateRedis() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

PrivateRedis::PrivateRedis(PrivateRedis&& other) noexcept
  : folder_(std::exchange(other.folder_, {})), process_(std::exchange(other.process_, 0)) {}

PrivateRedis& PrivateRedis::operator=(PrivateRedis&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(process_, other.process_);
  return *this;
}

}  // namespace weft::cli
