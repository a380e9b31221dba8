#pragma once

#include <functional>
#include <string>

#include "weft/apps/weft/console.hpp"
#include "weft/apps/weft/run_timeline.hpp"

namespace weft::cli {

/// Writes a result to a file, or to the standard output when `path` is empty or `-`. A file appears
/// whole or not at all. Throws `Exception` that says why it cannot be written.
void write_output(const std::string& path, Console& console,
                  const std::function<void(const TextSink&)>& write);

}  // namespace weft::cli
