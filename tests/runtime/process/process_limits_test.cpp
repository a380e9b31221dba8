#include "weft/runtime/pools/process/process_limits.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr ProcessLimitOptions without_groups{.control_groups = ControlGroupUse::never};

// -- control groups -------------------------------------------------------------------------------

constexpr const char* mounts_of_version_2 =
  "23 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
  "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST(ControlGroupFolder, IsFoundInVersion2) {
  EXPECT_EQ(control_group_folder(mounts_of_version_2, "0::/user.slice/a b.scope\n", ""),
            "/sys/fs/cgroup/user.slice/a b.scope");
  EXPECT_EQ(control_group_folder(mounts_of_version_2, "0::/\n", ""), "/sys/fs/cgroup/");
}

TEST(ControlGroupFolder, IsFoundInVersion1ByItsController) {
  constexpr const char* mounts =
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:3 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  constexpr const char* groups = "9:cpu,cpuacct:/jobs\n4:memory:/docker/abc/inner\n0::/elsewhere\n";
  EXPECT_EQ(control_group_folder(mounts, groups, "cpu"), "/sys/fs/cgroup/cpu,cpuacct/jobs");
  EXPECT_EQ(control_group_folder(mounts, groups, "memory"), "/sys/fs/cgroup/memory/inner");
  EXPECT_EQ(control_group_folder(mounts, groups, ""), std::nullopt);
}

TEST(ControlGroupFolder, IsNoneOutsideOfWhatIsMounted) {
  constexpr const char* mounts = "35 31 0:32 /docker/abc /cg rw - cgroup cgroup rw,memory\n";
  EXPECT_EQ(control_group_folder(mounts, "4:memory:/docker/other\n", "memory"), std::nullopt);
  EXPECT_EQ(control_group_folder("", "", "memory"), std::nullopt);
  EXPECT_EQ(control_group_folder("nonsense\n- - -\n", "a:b\n::\n", ""), std::nullopt);
}

TEST(ControlGroups, LeaveNothingBehind) {
  const auto places = find_control_groups(std::nullopt);
  if (!places.memory) GTEST_SKIP() << "no writable control group";
  const std::string name = new_control_group_name();
  {
    const auto group = ControlGroup::create(places, name, {.cpus = 0.5, .memory = {64}});
    ASSERT_TRUE(group) << to_string(group.error());
    EXPECT_TRUE(group->limits_memory());
    EXPECT_EQ(group->out_of_memory_kills(), 0u);
    EXPECT_TRUE(std::filesystem::exists(*places.memory / name));
  }
  EXPECT_FALSE(std::filesystem::exists(*places.memory / name));
}

TEST(ControlGroups, OfNodesThatWereKilledAreRemovedByTheNext) {
  const auto places = find_control_groups(std::nullopt);
  if (!places.memory) GTEST_SKIP() << "no writable control group";
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const auto left = *places.memory / ("weft-worker-" + std::to_string(dead) + "-0");
  const auto own = *places.memory / new_control_group_name();
  const auto other = *places.memory / "weft-worker-x";
  for (const auto& folder : {left, own, other}) std::filesystem::create_directory(folder);
  remove_abandoned_groups(places);
  EXPECT_FALSE(std::filesystem::exists(left));
  for (const auto& folder : {own, other}) EXPECT_EQ(::rmdir(folder.c_str()), 0) << folder;
}

// -- cpus and resources ---------------------------------------------------------------------------

int count_cpus(const std::optional<cpu_set_t>& cpus) {
  return cpus ? CPU_COUNT(&*cpus) : 0;
}

TEST(ProcessLimits, SpreadWorkersOverCpus) {
  const unsigned usable = std::thread::hardware_concurrency();
  if (usable < 2) GTEST_SKIP() << "one cpu only";
  ProcessLimits limits{without_groups};
  std::vector<std::unique_ptr<WorkerLimits>> taken;
  cpu_set_t all;
  CPU_ZERO(&all);
  for (unsigned i = 0; i < usable; ++i) {
    taken.push_back(*limits.take({.cpus = 1}));
    ASSERT_EQ(count_cpus(taken.back()->cpus()), 1);
    CPU_OR(&all, &all, &*taken.back()->cpus());
  }
  EXPECT_EQ(CPU_COUNT(&all), static_cast<int>(usable));
  // The place of one that has gone is the next one's.
  const cpu_set_t first = *taken.front()->cpus();
  taken.front().reset();
  const auto next = *limits.take({.cpus = 1});
  EXPECT_TRUE(CPU_EQUAL(&first, &*next->cpus()));
}

TEST(ProcessLimits, BindNobodyWhoMayHaveAllCpus) {
  ProcessLimits limits{without_groups};
  const auto taken = limits.take({.cpus = 4096});
  ASSERT_TRUE(taken);
  EXPECT_EQ((*taken)->cpus(), std::nullopt);
}

TEST(ProcessLimits, RefuseClassesThatAreNone) {
  ProcessLimits limits{without_groups};
  EXPECT_FALSE(limits.take({.cpus = 0}));
  EXPECT_FALSE(limits.take({.cpus = -1}));
  EXPECT_FALSE(limits.take({.cpus = std::numeric_limits<double>::quiet_NaN()}));
  EXPECT_FALSE(limits.take({.cpus = 1, .memory = {~std::uint64_t{}}}));
}

TEST(ProcessLimits, LimitDataWhereThereIsNoControlGroup) {
  ProcessLimits limits{{.control_groups = ControlGroupUse::never, .open_files = 64}};
  const auto taken = limits.take({.cpus = 1, .memory = {512}});
  ASSERT_TRUE(taken);
  std::vector<int> resources;
  for (const ResourceLimit& limit : (*taken)->resources()) resources.push_back(limit.resource);
  EXPECT_THAT(resources, ElementsAre(int{RLIMIT_DATA}, int{RLIMIT_NOFILE}, int{RLIMIT_CORE}));
  EXPECT_EQ((*taken)->out_of_memory_kills(), std::nullopt);
}

TEST(ProcessLimits, SayPlainlyWhatTheyDoNot) {
  const ProcessLimits limits{without_groups};
  const std::string text = limits.limits_statement({.cpus = 0.5, .memory = {512}});
  EXPECT_THAT(text, HasSubstr("a cpu share of 0.5 is not enforced: no writable control group"));
  EXPECT_THAT(text, HasSubstr("memory of 512 MiB is enforced in part"));
  EXPECT_THAT(limits.limits_statement({.cpus = 4096}), HasSubstr("4096 cpus are not enforced"));
  EXPECT_THAT(limits.limits_statement({}), HasSubstr("memory is not limited"));
}

}  // namespace
}  // namespace weft
