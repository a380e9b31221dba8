#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "weft/workflow/importers/trace.hpp"

namespace weft {

/// How large a trace from outside may be. Each is checked before memory follows it.
struct TraceLimits {
  std::size_t bytes = 64u << 20;    ///< Of the file. The largest published trace has 7 MB.
  std::size_t depth = 64;           ///< Nesting of the JSON; the format itself needs 7.
  std::size_t values = 10'000'000;  ///< JSON values: about 500 MB while the file is read.
  std::size_t tasks = 1'000'000;
};

/// Reads a workflow that was recorded as WfFormat JSON, version 1.4 or 1.5.
///
/// Text that is no JSON fails with the line and column. Everything else that is wrong is reported
/// at once, as the causes of one `invalid_file` error: missing fields with their place in the file,
/// duplicate, unknown and contradicting names, cycles. Fails with `limit_exceeded` beyond a limit.
/// @param origin what messages call the text: usually the name of its file
[[nodiscard]] Result<Trace> parse_wfformat(std::string_view text, std::string_view origin,
                                           const TraceLimits& limits = {});

/// The same for a file. Fails with `io_failed` when it cannot be read.
[[nodiscard]] Result<Trace> load_wfformat(const std::filesystem::path& path,
                                          const TraceLimits& limits = {});

}  // namespace weft
