#include "weft/workflow/error.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace weft {

namespace {

/// Causes shown in all, whatever their nesting: more would hide the message above them.
constexpr std::size_t max_causes_shown = 20;

/// Writes one error and those below it, each line indented by its depth.
class ErrorPrinter {
public:
  void print(const Error& error, std::size_t indent) {
    add_text(error.message.empty() ? to_string(error.code) : error.message, indent);
    if (const std::string place = place_of(error); !place.empty()) {
      start_line(indent + 2);
      out_ += "at " + place;
    }
    print_causes(error.causes, indent + 2);
    if (!error.hint.empty()) {
      start_line(indent);
      out_ += "hint: ";
      add_text(error.hint, indent + 6);
    }
  }

  std::string take() { return std::move(out_); }

private:
  void print_causes(const std::vector<Error>& causes, std::size_t indent) {
    for (std::size_t i = 0; i < causes.size(); ++i) {
      start_line(indent);
      if (causes_left_ == 0) {
        out_ += fmt::format("and {} more", causes.size() - i);
        return;
      }
      --causes_left_;
      out_ += "- ";
      print(causes[i], indent + 2);
    }
  }

  static std::string place_of(const Error& error) {
    std::string place;
    const auto add = [&place](const std::string& part) {
      if (!place.empty()) place += ", ";
      place += part;
    };
    if (!error.task.empty()) add("task " + error.task);
    if (error.attempt) add(fmt::format("attempt {}", *error.attempt));
    if (!error.node.empty()) add("on " + error.node);
    return place;
  }

  void start_line(std::size_t indent) {
    out_ += '\n';
    out_.append(indent, ' ');
  }

  /// Text may have several lines (the tail of a command's output); they stay below their error.
  void add_text(std::string_view text, std::size_t indent) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    for (const char c : text) {
      if (c == '\n') {
        start_line(indent);
      } else {
        out_ += c;
      }
    }
  }

  std::string out_;
  std::size_t causes_left_ = max_causes_shown;
};

}  // namespace

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::none:
      return "none";
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::invalid_workflow:
      return "invalid_workflow";
    case Errc::invalid_file:
      return "invalid_file";
    case Errc::invalid_config:
      return "invalid_config";
    case Errc::function_unknown:
      return "function_unknown";
    case Errc::decode_failed:
      return "decode_failed";
    case Errc::encode_failed:
      return "encode_failed";
    case Errc::limit_exceeded:
      return "limit_exceeded";
    case Errc::task_failed:
      return "task_failed";
    case Errc::timed_out:
      return "timed_out";
    case Errc::cancelled:
      return "cancelled";
    case Errc::skipped:
      return "skipped";
    case Errc::plan_conflict:
      return "plan_conflict";
    case Errc::plan_infeasible:
      return "plan_infeasible";
    case Errc::run_unknown:
      return "run_unknown";
    case Errc::run_ended:
      return "run_ended";
    case Errc::claim_lost:
      return "claim_lost";
    case Errc::input_missing:
      return "input_missing";
    case Errc::store_unavailable:
      return "store_unavailable";
    case Errc::history_unavailable:
      return "history_unavailable";
    case Errc::shutting_down:
      return "shutting_down";
    case Errc::io_failed:
      return "io_failed";
    case Errc::internal:
      return "internal";
  }
  // A number read from a store that a later version wrote.
  return "unknown";
}

Error with_context(std::string_view context, Error error) {
  error.message = fmt::format("{}: {}", context, error.message);
  return error;
}

std::string to_string(const Error& error) {
  ErrorPrinter printer;
  printer.print(error, 0);
  return printer.take();
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t max_shown = 60;  // What fits beside the message on one line.
  std::size_t shown = std::min(text.size(), max_shown);
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  // A character of UTF-8 is shown whole or not at all; none is longer than four bytes.
  for (int step = 0; step < 3 && shown < text.size() && continues(text[shown]); ++step) --shown;
  std::string out = "'";
  for (const char c : text.substr(0, shown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += shown < text.size() ? "...'" : "'";
  return out;
}

Error current_exception_as_error() {
  try {
    throw;
  } catch (const Exception& thrown) {
    return thrown.error();
  } catch (const std::exception& thrown) {
    return {.code = Errc::task_failed, .message = thrown.what()};
  } catch (...) {
    return {.code = Errc::task_failed, .message = "threw something that is not a std::exception"};
  }
}

}  // namespace weft
