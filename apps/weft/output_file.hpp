#pragma once

#include <functional>
#include <memory>
#include <string>

#include "weft/apps/weft/console.hpp"
#include "weft/apps/weft/run_timeline.hpp"

namespace weft::cli {

/// Where a result goes: a file, or the standard output when its path is empty or `-`.
///
/// Opened at once, so that a path that cannot be written is found before the work. A file appears
/// whole or not at all. Throws `Exception` that says why it cannot be written.
class OutputFile {
public:
  OutputFile(const std::string& path, Console& console);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  /// Writes all of the result; called once.
  void write(const std::function<void(const TextSink&)>& write);

  /// Removes what there is of an unfinished file: for a process that ends without destructors. Any
  /// thread may call it.
  void discard() const;

private:
  class Pending;

  Console& console_;
  std::unique_ptr<Pending> file_;  ///< Nothing: the standard output.
};

/// Opens an `OutputFile` and writes it.
void write_output(const std::string& path, Console& console,
                  const std::function<void(const TextSink&)>& write);

}  // namespace weft::cli
