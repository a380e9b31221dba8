#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "weft/apps/weft/chaos_redis.hpp"

namespace weft::cli {

// What a run must not leave behind. Each function answers a sentence for what it finds; none: all
// is well.

/// Processes with the mark that are there some seconds after all that should have ended has. Kills
/// them.
[[nodiscard]] std::vector<std::string> left_over_processes(const std::string& mark);

/// Keys in Redis that stay though all runs were acknowledged; what expires is no concern.
[[nodiscard]] std::vector<std::string> left_over_keys(const ChaosRedis& redis);

/// Files in a folder that was empty.
[[nodiscard]] std::vector<std::string> left_over_files(const std::filesystem::path& folder);

}  // namespace weft::cli
