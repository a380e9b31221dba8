#include <csignal>

#include "weft/apps/weft/command_line.hpp"

int main(int argument_count, char** arguments) {
  weft::cli::hold_standard_streams();
  std::signal(SIGCHLD, SIG_DFL);  // A parent may have had it ignored: the ends of commands would be lost.
  weft::cli::CommandLine line;
  return static_cast<int>(line.run({arguments + 1, arguments + argument_count}));
}
