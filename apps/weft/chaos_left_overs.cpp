#include "weft/apps/weft/chaos_left_overs.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/apps/weft/chaos_processes.hpp"
#include "weft/runtime/engine_options.hpp"
#include "weft/storage/redis/keys.hpp"

namespace weft::cli {

namespace {

/// For processes to go.
constexpr Nanos vanish_within = std::chrono::seconds{5};
constexpr std::size_t keys_shown = 10;

}  // namespace

std::vector<std::string> left_over_processes(const std::string& mark) {
  const auto until = std::chrono::steady_clock::now() + vanish_within;
  auto left = marked_processes(mark);
  while (!left.empty() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
    left = marked_processes(mark);
  }
  std::vector<std::string> found;
  for (const MarkedProcess& one : left) {
    found.push_back(
      fmt::format("process {} is left: {}", one.process, fmt::join(one.arguments, " ")));
    ::kill(one.process, SIGKILL);
  }
  return found;
}

std::vector<std::string> left_over_keys(const ChaosRedis& redis) {
  const std::string prefix = StoreOptions{}.prefix;
  const std::array allowed{redis::index_key(prefix), redis::sweeper_key(prefix)};
  auto keys = redis.lasting_keys();
  if (!keys) return {"Redis cannot be asked for its keys: " + keys.error().message};
  std::erase_if(*keys, [&](const std::string& key) {
    return std::ranges::find(allowed, key) != allowed.end();
  });
  if (keys->empty()) return {};
  const std::size_t count = keys->size();
  keys->resize(std::min(count, keys_shown));
  return {fmt::format("{} keys are left in Redis: {}", count, fmt::join(*keys, " "))};
}

std::vector<std::string> left_over_files(const std::filesystem::path& folder) {
  std::vector<std::string> found;
  for (const auto& file : std::filesystem::directory_iterator{folder}) {
    found.push_back("a file is left: " + file.path().filename().string());
  }
  return found;
}

}  // namespace weft::cli
