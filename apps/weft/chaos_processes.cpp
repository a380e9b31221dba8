#include "weft/apps/weft/chaos_processes.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "weft/runtime/pools/process/worker_hello.hpp"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

std::string text_of_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream{text};
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

/// From `/proc/PID/stat`: `PID (name) state parent ...`; the name may hold anything.
struct Stat {
  char state = 'X';
  pid_t parent = 0;
};
Stat stat_of(const fs::path& folder) {
  const std::string text = text_of_file(folder / "stat");
  Stat stat;
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return stat;
  std::istringstream rest{text.substr(name_end + 1)};
  rest >> stat.state >> stat.parent;
  return stat;
}

[[noreturn]] void fail(const std::string& what) {
  throw Exception({.code = Errc::io_failed, .message = what + ": " + std::strerror(errno)});
}

struct Ends {
  int read = -1;
  int write = -1;
};
Ends new_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe can be made");
  return {ends[0], ends[1]};
}

void close(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

/// All that is needed between fork and exec, made before: there, nothing may allocate.
struct Start {
  std::vector<char*> arguments, environment;
  const char* folder = nullptr;
  const char* log = nullptr;
  int input = -1, output = -1;
  pid_t parent = 0;
};

[[noreturn]] void become(const Start& start) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != start.parent) ::_exit(1);
  ::setpgid(0, 0);  // No ^C of the terminal is meant for it.
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int log = ::open(start.log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(start.input >= 0 ? start.input : nothing, 0);
  ::dup2(start.output >= 0 ? start.output : log, 1);
  ::dup2(log, 2);
  if (::chdir(start.folder) != 0) ::_exit(127);
  ::execve(start.arguments[0], start.arguments.data(), start.environment.data());
  ::_exit(127);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
  std::vector<std::string> all = variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry{*each};
    const auto name = entry.substr(0, entry.find('=') + 1);
    if (std::ranges::none_of(variables, [&](const auto& one) { return one.starts_with(name); })) {
      all.emplace_back(entry);
    }
  }
  return all;
}

}  // namespace

std::vector<MarkedProcess> marked_processes(std::string_view mark) {
  std::vector<MarkedProcess> found;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator{"/proc", failure}) {
    const std::string name = entry.path().filename();
    pid_t process = 0;
    const char* end = name.data() + name.size();
    if (std::from_chars(name.data(), end, process).ptr != end) continue;
    const auto variables = split(text_of_file(entry.path() / "environ"), '\0');
    if (std::ranges::find(variables, mark) == variables.end()) continue;
    const Stat stat = stat_of(entry.path());
    if (stat.state == 'Z' || stat.state == 'X') continue;
    found.push_back({.process = process,
                     .parent = stat.parent,
                     .arguments = split(text_of_file(entry.path() / "cmdline"), '\0')});
  }
  std::ranges::sort(found, {}, &MarkedProcess::process);
  return found;
}

std::vector<MarkedProcess> workers_of(pid_t node, const std::vector<MarkedProcess>& all) {
  std::vector<MarkedProcess> workers;
  for (const MarkedProcess& one : all) {
    if (one.parent == node && one.arguments.size() > 1 &&
        one.arguments[1] == worker_process_argument) {
      workers.push_back(one);
    }
  }
  return workers;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = fs::temp_directory_path() / "weft-chaos-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) fail("no temporary folder can be made");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!keep_) fs::remove_all(path_, ignored);
}

ChildProcess::ChildProcess(const ChildRequest& request) {
  Ends input, output;
  if (request.speaks) {
    input = new_pipe();
    output = new_pipe();
  }
  const auto environment = environment_with(request.variables);
  const Start start{.arguments = pointers(request.arguments),
                    .environment = pointers(environment),
                    .folder = request.folder.c_str(),
                    .log = request.log.c_str(),
                    .input = input.read,
                    .output = output.write,
                    .parent = ::getpid()};
  process_ = ::fork();
  if (process_ == 0) become(start);
  close(input.read);
  close(output.write);
  input_ = input.write;
  output_ = output.read;
  if (process_ < 0) fail("cannot start " + request.arguments.front());
  for (const int end : {input_, output_}) {
    if (end >= 0) ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
}

ChildProcess::~ChildProcess() {
  kill();
  close(input_);
  close(output_);
}

bool ChildProcess::running() {
  if (!ended_ && ::waitpid(process_, &status_, WNOHANG) == process_) ended_ = true;
  return !ended_;
}

void ChildProcess::signal(int number) {
  if (running()) ::kill(process_, number);
}

void ChildProcess::kill() {
  if (!running()) return;
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, &status_, 0) < 0 && errno == EINTR) {
  }
  ended_ = true;
}

void ChildProcess::tell(const std::string& line) {
  const std::string whole = line + "\n";
  if (input_ >= 0) static_cast<void>(::write(input_, whole.data(), whole.size()) < 0);
}

void ChildProcess::end_input() {
  close(input_);
}

std::vector<std::string> ChildProcess::lines() {
  std::vector<std::string> found;
  std::array<char, 16'384> block;
  for (ssize_t size = 1; output_ >= 0 && size > 0;) {
    size = ::read(output_, block.data(), block.size());
    if (size > 0) partial_.append(block.data(), static_cast<std::size_t>(size));
  }
  for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
    found.push_back(partial_.substr(0, end));
    partial_.erase(0, end + 1);
  }
  return found;
}

bool ChildProcess::wait_for(Nanos time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (running()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

std::string own_program() {
  return fs::read_symlink("/proc/self/exe");
}

}  // namespace weft::cli
