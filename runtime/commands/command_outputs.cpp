#include "weft/runtime/commands/command_outputs.hpp"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "weft/workflow/importers/pipeline_fields.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t max_text_bytes = 16u << 20;  // Of a text, a number or all lines.
constexpr std::size_t max_list_items = 1'000'000;

Error bad_output(const PipelineOutput& output, const std::string& what, std::string hint = {}) {
  return {.code = Errc::task_failed,
          .message = fmt::format("output {} {}", in_quotes(output.name), what),
          .hint = std::move(hint)};
}

/// The folder's name as a pattern that matches it alone.
std::string literal_pattern(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::strchr("*?[]\\", c) != nullptr) out += '\\';
    out += c;
  }
  return out;
}

/// Files below `folder` that match, `part-2` before `part-10`.
std::vector<fs::path> matching_files(const fs::path& folder, const std::string& pattern) {
  glob_t found{};
  const std::string whole = literal_pattern(folder.string()) + "/" + pattern;
  std::vector<fs::path> files;
  if (::glob(whole.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      std::error_code failure;
      if (fs::is_regular_file(found.gl_pathv[i], failure)) files.emplace_back(found.gl_pathv[i]);
    }
  }
  ::globfree(&found);
  std::ranges::sort(files, [](const fs::path& a, const fs::path& b) {
    return ::strverscmp(a.c_str(), b.c_str()) < 0;
  });
  return files;
}

/// What is wrong with the text of an item that has to be a number, if anything is.
std::optional<Error> make_number(const PipelineOutput& output, CommandItem& item) {
  const std::size_t begin = std::min(item.text.find_first_not_of(" \t"), item.text.size());
  item.text = item.text.substr(begin, item.text.find_last_not_of(" \t\r") + 1 - begin);
  item.number = real_number(item.text).has_value();
  if (item.number) return std::nullopt;
  return bad_output(output, "is no number: the command printed " + in_quotes(item.text));
}

Error unwritable(const fs::path& path, const std::error_code& why) {
  return {
    .code = Errc::task_failed,
    .message = fmt::format("{} cannot be written: {}", in_quotes(path.string()), why.message()),
    .hint = "is there a folder of that name, and space on the disk?"};
}

/// Where a file can be renamed to `to` from: itself, or a copy beside it that no other run uses.
Result<fs::path> bring_beside(const fs::path& from, const fs::path& to) {
  static std::atomic<std::uint64_t> number = 0;
  std::error_code failure;
  fs::create_directories(to.parent_path(), failure);
  if (failure) return unwritable(to, failure);
  if (fs::is_directory(to, failure)) {
    return unwritable(to, std::make_error_code(std::errc::is_a_directory));
  }
  if (::access(to.parent_path().c_str(), W_OK) != 0) {
    return unwritable(to, std::error_code(errno, std::generic_category()));
  }
  struct stat here {};
  struct stat there {};
  const bool same = ::stat(from.c_str(), &here) == 0 &&
                    ::stat(to.parent_path().c_str(), &there) == 0 && here.st_dev == there.st_dev;
  if (same && !fs::is_symlink(from, failure)) return from;
  fs::path beside = to;
  beside += fmt::format(".{}-{}.weft-new", ::getpid(), ++number);
  fs::copy_file(from, beside, failure);  // Of a link, what it leads to.
  if (!failure) return beside;
  const Error error = unwritable(to, failure);
  fs::remove(beside, failure);
  return error;
}

/// Keeps a file under another name: as a link, or as a copy where that cannot be.
Result<void> keep_file(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::create_directories(to.parent_path(), failure);
  if (!failure) fs::create_hard_link(from, to, failure);
  if (failure) fs::copy_file(from, to, failure);
  if (failure) return unwritable(to, failure);
  return {};
}

bool leads_out(const fs::path& relative) {
  const fs::path plain = relative.lexically_normal();
  return plain.is_absolute() || (!plain.empty() && *plain.begin() == "..");
}

}  // namespace

Result<fs::path> published_path(const CommandTask& task, const CommandValues& values,
                                const PipelineOutput& output) {
  auto text = values.text(output.path);
  if (!text) return std::move(text).error();
  // What a pipeline and its parameters say is somebody's will; what items are may be anybody's.
  bool known = true;
  output.path.each_reference([&known](const Reference& reference) {
    known = known && reference.kind == Reference::Kind::parameter;
  });
  if (!known && leads_out(*text)) {
    return bad_output(output, "would be written to " + in_quotes(*text),
                      "a path made of items stays in the pipeline's folder");
  }
  if (fs::path(*text).filename().empty()) {
    return bad_output(output, in_quotes(*text) + " is no name of a file");
  }
  return (task.folder / *text).lexically_normal();
}

Result<CommandOutput> OutputCollector::collect() {
  CommandOutput out;
  for (const PipelineOutput& output : task_.task.outputs) {
    auto items = collect(output);
    if (!items) return std::move(items).error();
    out.outputs[output.name] = std::move(*items);
  }
  return out;
}

Result<CommandItems> OutputCollector::collect(const PipelineOutput& output) {
  switch (output.kind) {
    case PipelineOutput::Kind::file:
      return collect_file(output);
    case PipelineOutput::Kind::files:
      return collect_files(output);
    default:
      return collect_text(output);
  }
}

Result<CommandItems> OutputCollector::collect_file(const PipelineOutput& output) {
  const Reference path{.kind = Reference::Kind::output, .name = output.name};
  auto where = values_.value(path);
  if (!where) return std::move(where).error();
  const fs::path file = where->items.front().text;
  std::error_code failure;
  if (!fs::is_regular_file(file, failure)) {
    return bad_output(
      output,
      fs::exists(file, failure) ? "is no file: " + in_quotes(file.string())
                                : "is missing: the command ended well without it",
      fmt::format("the command has to write ${{out.{}}}, which is {}", output.name, file.string()));
  }
  auto item = describe_file(file);
  if (!item) return std::move(item).error();
  return CommandItems{.list = false, .items = {std::move(*item)}};
}

Result<CommandItems> OutputCollector::collect_files(const PipelineOutput& output) {
  auto pattern = values_.text(output.path);
  if (!pattern) return std::move(pattern).error();
  if (leads_out(*pattern)) {
    return bad_output(output, "matches files elsewhere: " + in_quotes(*pattern),
                      "a pattern stays in the folder that the command runs in");
  }
  const auto files = matching_files(folder_.work(), *pattern);
  if (files.size() > max_list_items) {
    return bad_output(output,
                      fmt::format("has {} files; {} is the most", files.size(), max_list_items));
  }
  CommandItems items{.list = true, .items = {}};
  for (const fs::path& file : files) {
    std::error_code failure;
    const fs::path real = fs::canonical(file, failure);
    const fs::path root = fs::canonical(folder_.work(), failure);
    if (failure || leads_out(real.lexically_relative(root))) {
      return bad_output(output, "matches a file elsewhere: " + in_quotes(file.string()),
                        "copy it into the folder that the command runs in");
    }
    // Each keeps its name; files of several folders may have the same one.
    const fs::path kept =
      folder_.output(output.name) / file.lexically_normal().lexically_relative(folder_.work());
    if (auto done = keep_file(real, kept); !done) return done.error();
    auto item = describe_file(kept);
    if (!item) return std::move(item).error();
    items.items.push_back(std::move(*item));
  }
  return items;
}

Result<CommandItems> OutputCollector::collect_text(const PipelineOutput& output) {
  std::error_code failure;
  const auto size = fs::file_size(folder_.standard_output(), failure);
  if (failure || size > max_text_bytes) {
    return bad_output(
      output, fmt::format("is {} bytes of standard output; {} is the most", size, max_text_bytes),
      "let the command write a file");
  }
  std::string text(size, '\0');
  std::ifstream{folder_.standard_output(), std::ios::binary}.read(
    text.data(), static_cast<std::streamsize>(size));
  CommandItems items{.list = output.is_list(), .items = {}};
  if (output.is_list()) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      items.items.push_back({.text = text.substr(begin, end - begin)});
      if (items.items.size() > max_list_items) {
        return bad_output(output, fmt::format("has more than {} lines", max_list_items));
      }
      begin = end + 1;
    }
  } else {
    text.erase(text.find_last_not_of(" \t\r\n") + 1);
    items.items.push_back({.text = std::move(text)});
  }
  if (output.kind == PipelineOutput::Kind::number || output.kind == PipelineOutput::Kind::numbers) {
    for (CommandItem& item : items.items) {
      if (auto wrong = make_number(output, item)) return std::move(*wrong);
    }
  }
  return items;
}

Result<void> OutputCollector::prepare(CommandOutput& output, CommandServices& services, RunId run,
                                      const std::string& task_name) {
  for (const PipelineOutput& wanted : task_.task.outputs) {
    if (wanted.kind != PipelineOutput::Kind::file || wanted.path.empty()) continue;
    auto place = published_path(task_, values_, wanted);
    if (!place) return std::move(place).error();
    if (auto own = services.claim_path(run, place->string(), task_name); !own) return own.error();
    CommandItem& item = output.outputs[wanted.name].items.front();
    auto ready = bring_beside(item.text, *place);
    if (!ready) return std::move(ready).error();
    moves_.push_back({std::move(*ready), *place});
    item.text = place->string();
  }
  return {};
}

Result<void> OutputCollector::publish() const {
  for (const Move& move : moves_) {
    std::error_code failure;
    fs::rename(move.from, move.to, failure);
    if (failure) return unwritable(move.to, failure);
  }
  return {};
}

}  // namespace weft
