#include "weft/runtime/commands/command_outputs.hpp"

#include <glob.h>

#include <algorithm>
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

bool leads_out(const fs::path& relative) {
  const fs::path plain = relative.lexically_normal();
  return plain.is_absolute() || (!plain.empty() && *plain.begin() == "..");
}

}  // namespace

Result<fs::path> published_path(const CommandTask& task, const CommandValues& values,
                                const PipelineOutput& output) {
  auto text = values.text(output.path);
  if (!text) return std::move(text).error();
  // What a file of the pipeline says is its author's will; what items make of it may be anybody's.
  if (!output.path.constant() && leads_out(*text)) {
    return bad_output(output, "would be written to " + in_quotes(*text),
                      "a path made of items stays in the pipeline's folder");
  }
  if (fs::path(*text).filename().empty()) {
    return bad_output(output, in_quotes(*text) + " is no name of a file");
  }
  return (task.folder / *text).lexically_normal();
}

Result<void> move_whole_file(const fs::path& from, const fs::path& to) {
  const auto refused = [&to](const std::error_code& why) {
    return Error{
      .code = Errc::task_failed,
      .message = fmt::format("{} cannot be written: {}", in_quotes(to.string()), why.message()),
      .hint = "is there a folder of that name, and space on the disk?"};
  };
  std::error_code failure;
  fs::create_directories(to.parent_path(), failure);
  if (failure) return refused(failure);
  fs::rename(from, to, failure);
  if (!failure) return {};
  if (failure != std::errc::cross_device_link) return refused(failure);
  fs::path beside = to;
  beside += ".weft-new";
  fs::copy_file(from, beside, fs::copy_options::overwrite_existing, failure);
  if (!failure) fs::rename(beside, to, failure);
  if (failure) {
    std::error_code ignored;
    fs::remove(beside, ignored);
    return refused(failure);
  }
  fs::remove(from, failure);
  return {};
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
    // Each keeps its name; files of several folders may have the same one.
    const fs::path kept = folder_.output(output.name) / file.lexically_relative(folder_.work());
    if (auto moved = move_whole_file(file, kept); !moved) return moved.error();
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

Result<void> OutputCollector::publish(CommandOutput& output, CommandServices& services, RunId run,
                                      const std::string& task_name) {
  for (const PipelineOutput& wanted : task_.task.outputs) {
    if (wanted.kind != PipelineOutput::Kind::file || wanted.path.empty()) continue;
    auto place = published_path(task_, values_, wanted);
    if (!place) return std::move(place).error();
    if (auto own = services.claim_path(run, place->string(), task_name); !own) return own.error();
    CommandItem& item = output.outputs[wanted.name].items.front();
    if (auto moved = move_whole_file(item.text, *place); !moved) return moved.error();
    item.text = place->string();
  }
  return {};
}

}  // namespace weft
