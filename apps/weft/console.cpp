#include "weft/apps/weft/console.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"

namespace weft::cli {

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool dumb_terminal() {
  return environment("TERM") == "dumb" || environment("TERM").empty();
}

/// Whether the locale says that texts are UTF-8: the first variable that is set decides.
bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = environment(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != std::string_view::npos ||
           value.find("utf8") != std::string_view::npos;
  }
  return false;
}

TextStyle style_for(const std::string& color, bool terminal) {
  return {.color = color == "always" || (color == "auto" && terminal && !dumb_terminal()),
          .unicode = utf8_locale()};
}

}  // namespace

void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    // The lowest number that is free, which is this one.
    [[maybe_unused]] const int held =
      ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

Console::Console(ConsoleOptions options)
  : options_(std::move(options)),
    notes_on_terminal_(::isatty(STDERR_FILENO) == 1 && !dumb_terminal()),
    results_on_terminal_(::isatty(STDOUT_FILENO) == 1),
    out_style_(style_for(options_.color, results_on_terminal_)),
    note_style_(style_for(options_.color, ::isatty(STDERR_FILENO) == 1)) {}

std::size_t Console::note_columns() const {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void Console::print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return;
  }
  if (errno == EPIPE) reader_gone_ = true;
  throw Exception(
    Error{.code = Errc::io_failed,
          .message = fmt::format("the standard output cannot be written: {}", std::strerror(errno)),
          .hint = "free some space, or write elsewhere"});
}

void Console::note(std::string_view text) {
  if (options_.quiet) return;
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void Console::fail(const Error& error, ExitCode code) {
  const std::string text =
    fmt::format("{} {}\n", note_style_.red("error:"), printable(to_string(error)));
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  if (options_.format == OutputFormat::table) return;
  Json verdict;
  verdict["event"] = "error";
  verdict["error"] = json_of(error);
  verdict["exit_code"] = static_cast<int>(code);
  const std::string line = text_of(verdict, JsonLayout::line) + "\n";
  // The command has failed already; a stream that fails too changes nothing.
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

}  // namespace weft::cli
