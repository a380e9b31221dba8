#include "weft/runtime/pools/process/control_group.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "weft/runtime/pools/process/owned_descriptor.hpp"

namespace weft {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view name_prefix = "weft-worker-";

/// How much of a time the quota of a group is counted over: the kernel's own default.
constexpr long long period_us = 100'000;

/// What the kernel tells in one of its files; empty if it cannot be read.
std::string kernel_text(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

/// Writes to a file that is there: a control file, whose write is one order to the kernel.
Result<void> order(const fs::path& file, const std::string& text) {
  const OwnedDescriptor opened{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
  if (opened && ::write(opened.number(), text.data(), text.size()) >= 0) return {};
  return Error{.code = Errc::io_failed,
               .message = fmt::format("{} does not take {}: {}", file.string(), in_quotes(text),
                                      std::strerror(errno))};
}

std::vector<std::string> words_of(const std::string& line, char separator) {
  std::vector<std::string> words;
  std::istringstream in{line};
  for (std::string word; std::getline(in, word, separator);) words.push_back(word);
  return words;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// A mounted hierarchy of control groups.
struct Mount {
  fs::path root;  ///< Which of the hierarchy's groups is at `point`.
  fs::path point;
};

/// `36 35 98:0 /root /point options - type source more`
std::optional<Mount> find_mount(std::string_view mounts, std::string_view controller) {
  std::istringstream lines{std::string{mounts}};
  for (std::string line; std::getline(lines, line);) {
    const auto words = words_of(line, ' ');
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 10 || words.end() - dash < 4) continue;
    const std::string& type = *(dash + 1);
    const bool is_it = controller.empty()
                         ? type == "cgroup2"
                         : type == "cgroup" && contains(words_of(*(dash + 3), ','), controller);
    if (is_it) return Mount{.root = words[3], .point = words[4]};
  }
  return std::nullopt;
}

/// `4:memory:/path`, or `0::/path`
std::optional<fs::path> find_group(std::string_view groups, std::string_view controller) {
  std::istringstream lines{std::string{groups}};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = line.substr(first + 1, second - first - 1);
    const bool is_it =
      controller.empty() ? names.empty() : contains(words_of(names, ','), controller);
    if (is_it) return fs::path{line.substr(second + 1)};
  }
  return std::nullopt;
}

const char* limit_file(int version, bool memory) {
  if (version == 2) return memory ? "memory.max" : "cpu.max";
  return memory ? "memory.limit_in_bytes" : "cpu.cfs_quota_us";
}

/// Whether a group that is made there can be limited.
bool is_place(const fs::path& folder, int version, bool memory) {
  std::error_code failure;
  const fs::path probe = folder / new_control_group_name();
  if (!fs::create_directory(probe, failure)) return false;
  const bool writable = ::access((probe / limit_file(version, memory)).c_str(), W_OK) == 0 &&
                        ::access((probe / "cgroup.procs").c_str(), W_OK) == 0;
  ::rmdir(probe.c_str());
  return writable;
}

std::optional<fs::path> place_of_version_2(const fs::path& folder, bool memory) {
  if (is_place(folder, 2, memory)) return folder;
  // Refused when this process itself is in the group, which is not to be moved.
  if (!order(folder / "cgroup.subtree_control", memory ? "+memory" : "+cpu")) return std::nullopt;
  if (is_place(folder, 2, memory)) return folder;
  return std::nullopt;
}

std::optional<fs::path> place_of_version_1(const std::string& mounts, const std::string& groups,
                                           bool memory) {
  const auto folder = control_group_folder(mounts, groups, memory ? "memory" : "cpu");
  if (folder && is_place(*folder, 1, memory)) return folder;
  return std::nullopt;
}

void kill_all_in(const fs::path& group) {
  // One order to the kernel where it knows it (Linux 5.14), so that nothing runs away by forking.
  if (order(group / "cgroup.kill", "1")) return;
  std::istringstream processes{kernel_text(group / "cgroup.procs")};
  for (pid_t process = 0; processes >> process;) {
    if (process > 1) ::kill(process, SIGKILL);
  }
}

void remove_group(const fs::path& group) {
  // What was killed takes a moment to leave: some 10 ms, more when it had much memory.
  constexpr int tries = 200;
  for (int i = 0; i < tries && ::rmdir(group.c_str()) != 0 && errno == EBUSY; ++i) {
    kill_all_in(group);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

/// The process in `weft-worker-<process>-<number>`.
std::optional<pid_t> maker_of(std::string_view name) {
  if (!name.starts_with(name_prefix)) return std::nullopt;
  name.remove_prefix(name_prefix.size());
  pid_t process = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), process);
  const bool complete = failure == std::errc{} && end != name.data() + name.size() && *end == '-';
  return complete && process > 1 ? std::optional{process} : std::nullopt;
}

void remove_abandoned_groups_in(const fs::path& folder) {
  std::error_code failure;
  for (fs::directory_iterator each{folder, failure}, end; !failure && each != end;
       each.increment(failure)) {
    const auto maker = maker_of(each->path().filename().string());
    // Empty, or rmdir refuses: its processes have died with their node, or are somebody else's.
    if (maker && ::kill(*maker, 0) != 0 && errno == ESRCH) ::rmdir(each->path().c_str());
  }
}

}  // namespace

std::optional<fs::path> control_group_folder(std::string_view mounts, std::string_view groups,
                                             std::string_view controller) {
  const auto mount = find_mount(mounts, controller);
  const auto group = find_group(groups, controller);
  if (!mount || !group) return std::nullopt;
  const fs::path below = group->lexically_relative(mount->root);
  // Outside of what is mounted: a container that sees its host's hierarchy only in part.
  if (below.empty() || *below.begin() == "..") return std::nullopt;
  return (mount->point / below).lexically_normal();
}

ControlGroupPlaces find_control_groups(const std::optional<fs::path>& delegated) {
  const std::string mounts = kernel_text("/proc/self/mountinfo");
  const std::string groups = kernel_text("/proc/self/cgroup");
  ControlGroupPlaces places;
  const auto folder = delegated ? delegated : control_group_folder(mounts, groups, "");
  if (folder) {
    places.memory = place_of_version_2(*folder, true);
    places.cpu = place_of_version_2(*folder, false);
  }
  if (delegated || places.memory || places.cpu) return places;
  return {.version = 1,
          .memory = place_of_version_1(mounts, groups, true),
          .cpu = place_of_version_1(mounts, groups, false)};
}

void remove_abandoned_groups(const ControlGroupPlaces& places) {
  if (places.memory) remove_abandoned_groups_in(*places.memory);
  if (places.cpu && places.cpu != places.memory) remove_abandoned_groups_in(*places.cpu);
}

std::string new_control_group_name() {
  static std::atomic<std::uint64_t> next = 0;
  return fmt::format("{}{}-{}", name_prefix, ::getpid(), next++);
}

// -- the group of a worker ------------------------------------------------------------------------

Result<ControlGroup> ControlGroup::create(const ControlGroupPlaces& places, const std::string& name,
                                          const WorkerClass& worker_class) {
  ControlGroup group;
  group.version_ = places.version;
  const auto make = [&name](const fs::path& parent) -> Result<fs::path> {
    const fs::path folder = parent / name;
    if (::mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return folder;
    return Error{.code = Errc::io_failed,
                 .message = fmt::format("the control group {} cannot be made: {}", folder.string(),
                                        std::strerror(errno))};
  };
  if (places.memory && worker_class.memory.count > 0) {
    auto made = make(*places.memory);
    if (!made) return std::move(made).error();
    group.memory_ = *std::move(made);
  }
  if (places.cpu) {
    auto made = make(*places.cpu);
    if (!made) return std::move(made).error();
    group.cpu_ = *std::move(made);
  }
  if (auto set = group.set_limits(worker_class); !set) return set.error();
  return group;
}

Result<void> ControlGroup::set_limits(const WorkerClass& worker_class) const {
  const std::string bytes = fmt::to_string(worker_class.memory.count << 20);
  if (memory_) {
    if (auto set = order(*memory_ / limit_file(version_, true), bytes); !set) return set;
    // Best effort: neither file is there without swap, or before Linux 4.19.
    const bool second = version_ == 2;
    [[maybe_unused]] const auto swap = second
                                         ? order(*memory_ / "memory.swap.max", "0")
                                         : order(*memory_ / "memory.memsw.limit_in_bytes", bytes);
    // A worker that lost one of its processes would go on with who knows what.
    if (second) [[maybe_unused]]
      const auto whole = order(*memory_ / "memory.oom.group", "1");
  }
  if (!cpu_) return {};
  constexpr long long shortest_us = 1000;  // The kernel takes no less.
  const auto quota_us =
    std::max(shortest_us, std::llround(worker_class.cpus * static_cast<double>(period_us)));
  if (version_ == 2) return order(*cpu_ / "cpu.max", fmt::format("{} {}", quota_us, period_us));
  return order(*cpu_ / "cpu.cfs_quota_us", fmt::to_string(quota_us));
}

ControlGroup::ControlGroup(ControlGroup&& other) noexcept
  : version_(other.version_),
    memory_(std::exchange(other.memory_, std::nullopt)),
    cpu_(std::exchange(other.cpu_, std::nullopt)) {}

ControlGroup& ControlGroup::operator=(ControlGroup&& other) noexcept {
  std::swap(version_, other.version_);
  std::swap(memory_, other.memory_);
  std::swap(cpu_, other.cpu_);
  return *this;
}

ControlGroup::~ControlGroup() {
  remove();
}

Result<void> ControlGroup::join(pid_t process) const {
  const std::string number = fmt::to_string(process);
  if (memory_) {
    if (auto joined = order(*memory_ / "cgroup.procs", number); !joined) return joined;
  }
  if (!cpu_ || cpu_ == memory_) return {};
  return order(*cpu_ / "cgroup.procs", number);
}

std::uint64_t ControlGroup::out_of_memory_kills() const {
  if (!memory_) return 0;
  std::istringstream lines{
    kernel_text(*memory_ / (version_ == 2 ? "memory.events" : "memory.oom_control"))};
  std::string name;
  for (std::uint64_t count = 0; lines >> name >> count;) {
    if (name == "oom_kill") return count;
  }
  return 0;
}

void ControlGroup::remove() {
  const auto memory = std::exchange(memory_, std::nullopt);
  const auto cpu = std::exchange(cpu_, std::nullopt);
  if (memory) remove_group(*memory);
  if (cpu && cpu != memory) remove_group(*cpu);
}

}  // namespace weft
