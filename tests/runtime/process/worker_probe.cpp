// A worker process that does what tests tell it, badly above all; and with `--node`, a node that
// tests may kill.

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "runtime/process/probe_frames.hpp"
#include "weft/runtime/pools/process/worker_hello.hpp"
#include "weft/runtime/pools/process/worker_main.hpp"
#include "weft/runtime/pools/process/worker_process.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

/// The orders of the node, one after another on the main thread.
class Orders {
public:
  void push(std::string order) {
    const std::lock_guard lock{mutex_};
    orders_.push_back(std::move(order));
    arrived_.notify_one();
  }
  std::optional<std::string> pop(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    if (!arrived_.wait(lock, stop, [this] { return !orders_.empty(); })) return std::nullopt;
    std::string order = std::move(orders_.front());
    orders_.pop_front();
    return order;
  }

private:
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<std::string> orders_;
};

[[noreturn]] void wait_for_ever() {
  while (true) ::pause();
}

/// A process that outlives its parent unless somebody ends it.
pid_t start_grandchild(bool own_session) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (own_session) ::setsid();
  ::signal(SIGTERM, SIG_IGN);
  // A program of its own, so that the system shows the environment that it was given.
  ::execl("/bin/sleep", "sleep", "1000", nullptr);
  ::_exit(1);
}

std::size_t touch_memory(std::size_t mib) {
  std::size_t sum = 0;
  static std::deque<std::string> kept;
  for (std::size_t i = 0; i < mib; ++i) {
    kept.emplace_back(std::size_t{1} << 20, static_cast<char>(i));
    sum += kept.back().size();
  }
  return sum;
}

std::size_t count_descriptors() {
  std::size_t count = 0;
  for (int number = 0; number < 4096; ++number) count += ::fcntl(number, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

std::string describe_process() {
  rlimit core{};
  ::getrlimit(RLIMIT_CORE, &core);
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  cpu_set_t cpus;
  ::sched_getaffinity(0, sizeof cpus, &cpus);
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  std::ostringstream text;
  text << "leader=" << (::getpgrp() == ::getpid()) << " session=" << (::getsid(0) == ::getpid())
       << " death_signal=" << death_signal << " core=" << core.rlim_cur
       << " cpus=" << CPU_COUNT(&cpus)
       << " pipe_ignored=" << (::signal(SIGPIPE, SIG_DFL) == SIG_IGN)
       << " usr1_blocked=" << sigismember(&blocked, SIGUSR1)
       << " invited=" << (std::getenv("WEFT_WORKER_INVITATION") != nullptr) << " stdin=";
  char byte = 0;
  text << ::read(0, &byte, 1);
  return text.str();
}

void make_noise(std::size_t lines) {
  for (std::size_t i = 0; i < lines; ++i) {
    std::cerr << "line " << i << " \x1b[31mof noise\n";
  }
}

/// Closes the channel without this process noticing: in its place is a pipe that nobody writes to.
void put_silence_for_the_channel() {
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK) != 0 || ::dup2(ends[0], 3) != 3) std::_Exit(9);
}

/// Carries out one order; answers an exit code if it is the last.
std::optional<int> carry_out(const std::string& order, NodeConnection& node) {
  std::istringstream words{order};
  std::string verb;
  std::size_t number = 0;
  words >> verb >> number;
  const auto answer = [&](const std::string& text) { node.send(probe_answer, text).value(); };
  if (verb == "exit") return static_cast<int>(number);
  if (verb == "quick_exit") std::_Exit(static_cast<int>(number));
  if (verb == "throw") throw std::runtime_error("the probe was told to throw");
  if (verb == "abort") std::abort();
  if (verb == "segfault") std::raise(SIGSEGV);
  if (verb == "stop") std::raise(SIGSTOP);
  if (verb == "allocate") answer(std::to_string(touch_memory(number)));
  if (verb == "pid") answer(std::to_string(::getpid()));
  if (verb == "getenv") answer(std::getenv("WEFT_TEST_VALUE"));
  if (verb == "descriptors") answer(std::to_string(count_descriptors()));
  if (verb == "describe") answer(describe_process());
  if (verb == "grandchild") answer(std::to_string(start_grandchild(false)));
  if (verb == "runaway") answer(std::to_string(start_grandchild(true)));
  if (verb == "print") std::cout << "printed" << std::endl;
  if (verb == "noise") make_noise(number);
  if (verb == "close") put_silence_for_the_channel();
  if (verb == "cut") {
    const auto header = frame_header(probe_answer, 1000);
    [[maybe_unused]] const auto written = ::write(3, header.data(), header.size());
    std::raise(SIGKILL);
  }
  if (verb == "garbage") {
    [[maybe_unused]] const auto written = ::write(3, "GET / HTTP/1.1\r\n\r\n", 18);
  }
  if (verb == "deaf") {
    answer("deaf");
    ::signal(SIGTERM, SIG_IGN);
    wait_for_ever();
  }
  if (verb == "many") {
    for (std::size_t i = 0; i < number; ++i) answer(std::to_string(i));
  }
  return std::nullopt;
}

int serve(NodeConnection& node) {
  Orders orders;
  node.receive({.on_frame = [&](Frame frame) {
    if (frame.kind == probe_echo) {
      [[maybe_unused]] const auto sent = node.send(probe_echo, std::move(frame.payload));
    } else {
      orders.push(std::move(frame.payload));
    }
  }});
  while (const auto order = orders.pop(node.stop_token())) {
    if (const auto code = carry_out(*order, node)) return *code;
  }
  return 0;
}

/// Starts as no worker should.
void start_badly(const std::string& how) {
  if (how == "exits") {
    std::cerr << "no, thanks\n";
    std::exit(4);
  }
  if (how == "mute") wait_for_ever();
  if (how == "babbles") {
    [[maybe_unused]] const auto written = ::write(3, "GET / HTTP/1.1\r\n\r\n", 18);
    wait_for_ever();
  }
  if (how == "other_build" || how == "impolite") {
    Blob payload;
    encode(WorkerHello{.process = ::getpid(), .build_id = "0.0.9-other"}, payload);
    const auto kind = how == "impolite" ? probe_answer : FrameKind::hello;
    const auto header = frame_header(kind, payload.size());
    const Blob frame = Blob{header.data(), header.size()} + payload;
    [[maybe_unused]] const auto written = ::write(3, frame.data(), frame.size());
    wait_for_ever();
  }
}

/// A node with workers, each with a process of its own; prints all their numbers and waits.
int be_node(int count) {
  WorkerProcesses workers;
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<std::string> told;
  std::vector<std::shared_ptr<WorkerProcess>> started;
  for (int i = 0; i < count; ++i) {
    const std::lock_guard lock{mutex};
    started.push_back(workers.start(
      {}, {.on_started =
             [&, i](const Result<StartTimes>& times) {
               const std::lock_guard inner{mutex};
               if (!times) std::exit(9);
               const auto& worker = started[static_cast<std::size_t>(i)];
               told.push_back(std::to_string(worker->process()));
               worker->send(probe_order, Blob{i % 2 == 0 ? "grandchild" : "runaway"}).value();
             },
           .on_frame =
             [&](const Frame& frame) {
               const std::lock_guard inner{mutex};
               told.push_back(frame.payload);
               arrived.notify_one();
             },
           .on_exit = [](const WorkerExit&) {}}));
  }
  std::unique_lock lock{mutex};
  arrived.wait(lock, [&] { return told.size() == 2 * static_cast<std::size_t>(count); });
  for (const std::string& number : told) std::cout << number << ' ';
  std::cout << std::endl;
  lock.unlock();
  wait_for_ever();
}

}  // namespace
}  // namespace weft::test

int main(int argument_count, char** arguments) {
  if (const char* how = std::getenv(weft::test::probe_variable)) weft::test::start_badly(how);
  if (const auto code =
        weft::worker_process_main_if_asked(argument_count, arguments, weft::test::serve)) {
    return *code;
  }
  if (argument_count == 3 && std::string_view{arguments[1]} == "--node") {
    return weft::test::be_node(std::atoi(arguments[2]));
  }
  return 1;
}
