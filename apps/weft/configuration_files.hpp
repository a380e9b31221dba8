#pragma once

#include <string>
#include <vector>

#include "weft/runtime/configuration.hpp"

namespace weft::cli {

/// Reads what the environment and the files of this user and folder say: the only place that looks
/// for them. Fails with `invalid_config`, naming every problem of the first source that has one.
/// @param chosen a file that stands in for `./weft.toml`; empty: none
[[nodiscard]] Result<Configuration> read_configuration(const std::string& chosen);

/// What to say of each variable that looks like one of weft's, but sets nothing.
[[nodiscard]] std::vector<std::string> unknown_variables();

/// The options of the engine that a verb starts. Throws `Exception` with every option out of range.
[[nodiscard]] EngineOptions checked_engine_options(const Configuration& configuration);

/// A path as the user means it: `~/` is the home folder.
[[nodiscard]] std::string expanded_path(const std::string& path);

/// An environment variable; empty when it is not set.
[[nodiscard]] std::string environment_value(const char* name);

}  // namespace weft::cli
