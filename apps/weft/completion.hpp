#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace weft::cli {

// Scripts that complete verbs, flags, choices, files and runs. Made from what the command line
// knows.

[[nodiscard]] std::string bash_completion(const CLI::App& app);
[[nodiscard]] std::string zsh_completion(const CLI::App& app);
[[nodiscard]] std::string fish_completion(const CLI::App& app);

}  // namespace weft::cli
