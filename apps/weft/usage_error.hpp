#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "weft/workflow/error.hpp"

namespace weft::cli {

/// The verb that the arguments chose, or the innermost one that they reached.
[[nodiscard]] const CLI::App& innermost(const CLI::App& app);

/// `weft run`, with the verbs around it.
[[nodiscard]] std::string command_name(const CLI::App& verb);

/// What to say of arguments that no verb or flag takes: what it is, and what may have been meant.
/// @pre the app was parsed and `extras` is not empty
[[nodiscard]] Error unexpected_argument(const CLI::App& app,
                                        const std::vector<std::string>& extras);

/// What to say of arguments that the parser refuses.
[[nodiscard]] Error refused_argument(const CLI::App& app, const CLI::ParseError& failure);

}  // namespace weft::cli
