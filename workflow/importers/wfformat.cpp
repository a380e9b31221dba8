#include "weft/workflow/importers/wfformat.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "weft/workflow/importers/json_text.hpp"
#include "weft/workflow/importers/wfformat_reader.hpp"

namespace weft {

namespace {

Error too_large(std::string_view origin, const TraceLimits& limits) {
  return {.code = Errc::limit_exceeded,
          .message = fmt::format("{} is larger than {}, the most that is read", in_quotes(origin),
                                 format_bytes({limits.bytes})),
          .hint = "is this the right file? traces are far smaller"};
}

Error cannot_read(std::string_view origin, std::string_view reason) {
  return {.code = Errc::io_failed,
          .message = fmt::format("{} cannot be read: {}", in_quotes(origin), reason),
          .hint = "check its name and whether you may read it"};
}

}  // namespace

Result<Trace> parse_wfformat(std::string_view text, std::string_view origin,
                             const TraceLimits& limits) {
  if (text.size() > limits.bytes) return too_large(origin, limits);
  const auto document = parse_json(text, origin, {.depth = limits.depth, .values = limits.values});
  if (!document) return document.error();
  ProblemList problems;
  RecordedTrace recorded = read_wfformat(*document, limits, problems);
  // Without tasks the fields say why; linking would only add that there are none.
  Trace trace = recorded.tasks.empty() && !problems.empty()
                  ? Trace{}
                  : link_trace(std::move(recorded), problems);
  if (problems.empty()) return trace;
  return std::move(problems).take(in_quotes(origin) + " is not a WfFormat trace to replay");
}

Result<Trace> load_wfformat(const std::filesystem::path& path, const TraceLimits& limits) {
  // Messages quote up to 60 characters; the end of a longer path says more than its beginning.
  const std::string whole = path.string();
  const std::string origin = whole.size() <= 60 ? whole : path.filename().string();
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) {
    return cannot_read(origin, "it is a folder");
  }
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  if (!file) return cannot_read(origin, errno != 0 ? std::strerror(errno) : "it does not open");
  std::string text;
  std::string block(std::size_t{1} << 20, '\0');
  while (file && text.size() <= limits.bytes) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block, 0, static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return cannot_read(origin, "the system stopped half-way");
  return parse_wfformat(text, origin, limits);
}

}  // namespace weft
