#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace weft::cli {

/// What `--help` prints for a verb, or for the program: usage, description, arguments, flags, verbs
/// and examples, in lines of at most 100 columns.
[[nodiscard]] std::string help_text(const CLI::App& verb);

}  // namespace weft::cli
