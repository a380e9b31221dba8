#include "weft/runtime/pools/process/process_limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace weft {

namespace {

/// On top of a class's memory where the process itself is limited: stacks of threads (8 MiB each)
/// and the writable parts of libraries count in full, though hardly any of it is used.
constexpr std::uint64_t unused_memory = 128u << 20;

/// More than any machine has, and few enough to be counted in bytes.
constexpr std::uint64_t memory_mib_max = std::uint64_t{1} << 40;

std::vector<int> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> numbers;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return numbers;
  for (int number = 0; number < CPU_SETSIZE; ++number) {
    if (CPU_ISSET(number, &set)) numbers.push_back(number);
  }
  return numbers;
}

/// The limit, as far as this process may set it.
ResourceLimit within_hard_limit(int resource, rlim_t value) {
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &now) == 0) {
    value = std::min(value, now.rlim_max);
  }
  return {.resource = resource, .value = value};
}

std::size_t whole_cpus(double cpus) {
  return static_cast<std::size_t>(std::ceil(cpus));
}

std::string cpus_text(double cpus) {
  return fmt::format("{} cpu{}", cpus, cpus == 1 ? "" : "s");
}

}  // namespace

// -- of one worker --------------------------------------------------------------------------------

WorkerLimits::~WorkerLimits() {
  if (cpus_) owner_.unbind(*cpus_);
}

std::optional<std::uint64_t> WorkerLimits::out_of_memory_kills() const {
  if (!group_.limits_memory()) return std::nullopt;
  return group_.out_of_memory_kills();
}

// -- of all ---------------------------------------------------------------------------------------

ProcessLimits::ProcessLimits(ProcessLimitOptions options) : options_(std::move(options)) {
  if (options_.control_groups == ControlGroupUse::where_possible) {
    places_ = find_control_groups(options_.control_group);
    remove_abandoned_groups(places_);
  }
  for (const int number : usable_cpus()) cpus_.push_back({.number = number});
}

Result<std::unique_ptr<WorkerLimits>> ProcessLimits::take(const WorkerClass& worker_class) {
  if (!(worker_class.cpus > 0) || !std::isfinite(worker_class.cpus)) {
    return Error{.code = Errc::invalid_argument,
                 .message = fmt::format("a worker of {} cpus cannot be", worker_class.cpus)};
  }
  if (worker_class.memory.count > memory_mib_max) {
    return Error{.code = Errc::invalid_argument,
                 .message = fmt::format("a worker of {} MiB cannot be", worker_class.memory.count)};
  }
  std::unique_ptr<WorkerLimits> limits{new WorkerLimits{*this}};
  ControlGroupPlaces places = places_;
  if (fills_machine(worker_class.cpus)) places.cpu.reset();  // Joining takes ms, and adds nothing.
  auto group = ControlGroup::create(places, new_control_group_name(), worker_class);
  if (!group) return std::move(group).error();
  limits->group_ = *std::move(group);
  if (!limits->group_.limits_cpu()) limits->cpus_ = bind(worker_class.cpus);
  limits->resources_ = resources_for(worker_class);
  return limits;
}

std::vector<ResourceLimit> ProcessLimits::resources_for(const WorkerClass& worker_class) const {
  std::vector<ResourceLimit> resources;
  if (worker_class.memory.count > 0 && !places_.memory) {
    const rlim_t bytes = (worker_class.memory.count << 20) + unused_memory;
    resources.push_back(within_hard_limit(RLIMIT_DATA, bytes));
  }
  if (options_.open_files) {
    resources.push_back(within_hard_limit(RLIMIT_NOFILE, *options_.open_files));
  }
  if (options_.core_dumps == CoreDumps::none) resources.push_back({RLIMIT_CORE, 0});
  return resources;
}

// -- cpus -----------------------------------------------------------------------------------------

bool ProcessLimits::fills_machine(double cpus) const {
  return cpus >= static_cast<double>(cpus_.size());
}

std::optional<cpu_set_t> ProcessLimits::bind(double cpus) {
  if (whole_cpus(cpus) >= cpus_.size()) return std::nullopt;
  const std::lock_guard lock{mutex_};
  std::vector<Cpu*> order;
  for (Cpu& cpu : cpus_) order.push_back(&cpu);
  std::ranges::stable_sort(order, {}, [](const Cpu* cpu) { return cpu->workers; });
  cpu_set_t set;
  CPU_ZERO(&set);
  for (std::size_t i = 0; i < whole_cpus(cpus); ++i) {
    ++order[i]->workers;
    CPU_SET(order[i]->number, &set);
  }
  return set;
}

void ProcessLimits::unbind(const cpu_set_t& cpus) {
  const std::lock_guard lock{mutex_};
  for (Cpu& cpu : cpus_) {
    if (CPU_ISSET(cpu.number, &cpus)) --cpu.workers;
  }
}

// -- statement ------------------------------------------------------------------------------------

std::string ProcessLimits::limits_statement(const WorkerClass& worker_class) const {
  std::string text = memory_statement(worker_class);
  text += '\n' + cpu_statement(worker_class.cpus);
  if (options_.open_files)
    text += fmt::format("\n{} open files are enforced", *options_.open_files);
  if (options_.core_dumps == CoreDumps::none) text += "\ncore files are not written";
  return text;
}

std::string ProcessLimits::memory_statement(const WorkerClass& worker_class) const {
  if (worker_class.memory.count == 0) return "memory is not limited: the class names none";
  const std::string size = fmt::format("memory of {} MiB", worker_class.memory.count);
  if (places_.memory) {
    return fmt::format("{} is enforced for a worker with all that it starts, by a control group",
                       size);
  }
  return fmt::format(
    "{} is enforced in part: each process may have so much, and {} MiB for what it does not use; "
    "what a worker starts counts by itself: no writable control group",
    size, unused_memory >> 20);
}

std::string ProcessLimits::cpu_statement(double cpus) const {
  if (fills_machine(cpus)) {
    return fmt::format("{} are not enforced: this process may use {}", cpus_text(cpus),
                       cpus_text(static_cast<double>(cpus_.size())));
  }
  if (places_.cpu) return fmt::format("{} are enforced by a control group", cpus_text(cpus));
  const auto whole = std::ceil(cpus);
  if (whole == cpus) {
    return fmt::format("{} are enforced by binding each worker to {}", cpus_text(cpus),
                       cpus_text(whole));
  }
  return fmt::format(
    "a cpu share of {} is not enforced: no writable control group; each worker is bound to {}",
    cpus, cpus_text(whole));
}

}  // namespace weft
