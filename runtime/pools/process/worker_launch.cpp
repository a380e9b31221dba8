#include "weft/runtime/pools/process/worker_launch.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "weft/runtime/commands/process_keeper.hpp"
#include "weft/runtime/pools/process/worker_hello.hpp"
#include "weft/runtime/program_search.hpp"
#include "weft/workflow/clock.hpp"

namespace weft {

namespace fs = std::filesystem;

namespace {

std::string_view name_of_variable(std::string_view entry) {
  return entry.substr(0, entry.find('='));
}

/// The two ends of something that connects node and worker.
struct Ends {
  OwnedDescriptor node;
  OwnedDescriptor worker;
};

Error no_descriptors(const char* what) {
  return {.code = Errc::io_failed,
          .message = fmt::format("the worker's {} cannot be made: {}", what, std::strerror(errno)),
          .hint = "if too many files are open, see ulimit -n"};
}

Result<Ends> make_channel() {
  int numbers[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, numbers) != 0) {
    return no_descriptors("channel");
  }
  Ends ends{OwnedDescriptor{numbers[0]}, above_streams(OwnedDescriptor{numbers[1]})};
  if (!ends.worker) return no_descriptors("channel");
  return ends;
}

Result<Ends> make_output() {
  int numbers[2];
  if (::pipe2(numbers, O_CLOEXEC) != 0) return no_descriptors("output");
  Ends ends{OwnedDescriptor{numbers[0]}, above_streams(OwnedDescriptor{numbers[1]})};
  if (!ends.worker || ::fcntl(numbers[0], F_SETFL, O_NONBLOCK) != 0) {
    return no_descriptors("output");
  }
  return ends;
}

/// Sets the program and its arguments.
Result<void> set_command(SpawnRequest& request, const std::vector<std::string>& command) {
  if (command.empty()) {
    // By this name it is the same program even if its file was replaced meanwhile.
    request.program = "/proc/self/exe";
    std::error_code ignored;
    request.arguments = {fs::read_symlink(request.program, ignored).string(),
                         std::string{worker_process_argument}};
    return {};
  }
  std::error_code ignored;
  auto program = find_program(command.front(), fs::current_path(ignored), search_path());
  if (!program) {
    Error error = with_context("a worker process cannot be started", std::move(program).error());
    error.hint = "give the path of a program that calls worker_process_main_if_asked";
    return error;
  }
  request.program = program->string();
  request.arguments = command;
  return {};
}

}  // namespace

std::vector<std::string> merged_environment(const std::vector<std::string>& base,
                                            const std::vector<std::string>& over) {
  std::vector<std::string> merged;
  std::unordered_set<std::string_view> seen;
  const auto add = [&](const std::string& entry) {
    if (seen.insert(name_of_variable(entry)).second) merged.push_back(entry);
  };
  for (auto each = over.rbegin(); each != over.rend(); ++each) add(*each);
  for (const std::string& entry : base) add(entry);
  return merged;
}

std::vector<std::string> environment_of_process() {
  std::vector<std::string> entries;
  for (char** each = environ; each && *each; ++each) entries.emplace_back(*each);
  return entries;
}

std::string new_worker_mark() {
  std::random_device source;
  return fmt::format("WEFT_WORKER_{:08x}{:08x}=1", source(), source());
}

Result<LaunchedWorker> launch_worker(const WorkerLaunch& launch) {
  auto channel = make_channel();
  if (!channel) return std::move(channel).error();
  auto output = make_output();
  if (!output) return std::move(output).error();
  SpawnRequest request{.output = output->worker.number(),
                       .channel = channel->worker.number(),
                       .cpus = launch.limits.cpus(),
                       .limits = launch.limits.resources()};
  if (auto set = set_command(request, launch.options.command); !set) return set.error();
  const WorkerInvitation invitation{
    .channel = worker_channel_number, .asked = launch.asked, .forked = SystemClock{}.now()};
  auto own = launch.options.environment;
  own.push_back(ProcessKeeper::of_this_process().mark());
  own.push_back(launch.mark);
  own.push_back(fmt::format("{}={}", worker_invitation_variable, to_string(invitation)));
  request.environment = merged_environment(launch.environment, own);
  auto spawned = spawn_process(request);
  if (!spawned) return std::move(spawned).error();
  return LaunchedWorker{.process = spawned->process,
                        .pidfd = std::move(spawned->pidfd),
                        .channel = std::move(channel->node),
                        .output = std::move(output->node),
                        .forked = invitation.forked};
}

}  // namespace weft
