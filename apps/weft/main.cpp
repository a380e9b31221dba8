#include <csignal>

#include "weft/apps/weft/command_line.hpp"
#include "weft/runtime/pools/process/worker_main.hpp"

namespace {

/// Lives until its node tells it to end.
int be_worker(weft::NodeConnection& node) {
  node.wait_for_stop();
  return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (const auto code = weft::worker_process_main_if_asked(argument_count, arguments, be_worker)) {
    return *code;
  }
  weft::cli::hold_standard_streams();
  std::signal(SIGCHLD, SIG_DFL);  // A parent may have had it ignored: the ends of commands would be lost.
  weft::cli::CommandLine line;
  return static_cast<int>(line.run({arguments + 1, arguments + argument_count}));
}
