#pragma once

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "weft/apps/weft/chaos_processes.hpp"
#include "weft/runtime/engine_options.hpp"

namespace weft::cli {

/// A Redis of its own, at a unix socket in a folder. Ends with this object. Not thread-safe.
class ChaosRedis {
public:
  /// Starts it and waits until it answers. Throws `Exception` when there is no `redis-server` on
  /// PATH, or when it does not answer.
  ChaosRedis(std::filesystem::path folder, DurabilityLevel durability);

  [[nodiscard]] std::string socket() const { return (folder_ / "redis.sock").string(); }
  [[nodiscard]] pid_t process() const { return server_->process(); }

  void stop() { server_->signal(SIGSTOP); }
  void resume() { server_->signal(SIGCONT); }
  void kill() { server_->kill(); }
  /// Starts it again on what it has kept. Throws as the constructor. Nothing when it runs.
  void restart();

  /// The names of all keys that do not go by themselves. Fails with `store_unavailable`.
  [[nodiscard]] Result<std::vector<std::string>> lasting_keys() const;

private:
  void start();
  [[nodiscard]] bool answers() const;

  std::filesystem::path folder_;
  DurabilityLevel durability_;
  std::unique_ptr<ChildProcess> server_;
};

}  // namespace weft::cli
