#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "weft/apps/weft/exit_code.hpp"
#include "weft/apps/weft/text_style.hpp"
#include "weft/workflow/error.hpp"

namespace weft::cli {

enum class OutputFormat : std::uint8_t { table, json, jsonl };

/// Fills the places of standard streams that are closed: the next file to be opened, a history for
/// one, would get their number, and be written over by what is printed. To write to them goes on
/// failing.
void hold_standard_streams();

/// How a command speaks.
struct ConsoleOptions {
  OutputFormat format = OutputFormat::table;
  std::string color = "auto";  ///< `auto`, `always` or `never`
  bool quiet = false;          ///< No notes; errors and results are printed all the same.
};

/// The command's two streams: results go to the standard output, everything else to the standard
/// error. Colours appear only on terminals, unless the user wants them elsewhere.
///
/// One writer a stream at a time; the two streams are independent.
class Console {
public:
  explicit Console(ConsoleOptions options);

  [[nodiscard]] OutputFormat format() const { return options_.format; }
  [[nodiscard]] bool quiet() const { return options_.quiet; }
  [[nodiscard]] const TextStyle& out_style() const { return out_style_; }
  [[nodiscard]] const TextStyle& note_style() const { return note_style_; }

  /// Whether notes may move the cursor: a terminal that can do it reads them.
  [[nodiscard]] bool notes_on_terminal() const { return notes_on_terminal_; }
  [[nodiscard]] bool results_on_terminal() const { return results_on_terminal_; }

  /// Columns of the terminal that shows notes; 80 when there is none.
  [[nodiscard]] std::size_t note_columns() const;

  /// Writes a part of the result. Throws `Exception` when it cannot be written.
  void print(std::string_view text);

  /// Whether a write failed because who was reading the results has gone.
  [[nodiscard]] bool reader_gone() const { return reader_gone_; }

  /// Writes for people, unless they want quiet. Not ended by a line break of its own.
  void note(std::string_view text);

  /// Says what went wrong, and, where results are JSON, says it there too: a program that reads
  /// them finds the reason in the last line.
  void fail(const Error& error, ExitCode code);

private:
  ConsoleOptions options_;
  bool notes_on_terminal_;
  bool results_on_terminal_;
  TextStyle out_style_;
  TextStyle note_style_;
  std::atomic<bool> reader_gone_ = false;
};

}  // namespace weft::cli
