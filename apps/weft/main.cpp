#include <csignal>

#include "weft/apps/weft/chaos_node.hpp"
#include "weft/apps/weft/command_line.hpp"
#include "weft/apps/weft/function_source.hpp"
#include "weft/runtime/worker_host.hpp"

int main(int argument_count, char** arguments) {
  if (const auto code = weft::run_worker_if_asked(argument_count, arguments,
                                                  weft::cli::functions_from)) {
    return *code;
  }
  if (const auto code = weft::cli::run_chaos_node_if_asked(argument_count, arguments)) {
    return *code;
  }
  weft::cli::hold_standard_streams();
  std::signal(SIGCHLD, SIG_DFL);  // A parent may have had it ignored: the ends of commands would be lost.
  weft::cli::CommandLine line;
  return static_cast<int>(line.run({arguments + 1, arguments + argument_count}));
}
