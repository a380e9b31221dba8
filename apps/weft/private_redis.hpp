#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "weft/workflow/error.hpp"

namespace weft::cli {

/// A `redis-server` of this process's own: on a private socket in a folder of its own, and gone with
/// it. Keeps nothing. Not thread-safe; start it on a thread that outlives it.
class PrivateRedis {
public:
  /// Fails with `store_unavailable` when there is no redis-server on PATH, or it does not start.
  [[nodiscard]] static Result<PrivateRedis> start();
  ~PrivateRedis();
  PrivateRedis(PrivateRedis&& other) noexcept;
  PrivateRedis& operator=(PrivateRedis&& other) noexcept;

  [[nodiscard]] std::string url() const { return "unix://" + socket(); }
  [[nodiscard]] std::string socket() const { return (folder_ / "redis.sock").string(); }

private:
  PrivateRedis(std::filesystem::path folder, pid_t process)
    : folder_(std::move(folder)), process_(process) {}

  std::filesystem::path folder_;
  pid_t process_ = 0;
};

}  // namespace weft::cli
