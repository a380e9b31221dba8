// Which parts of an encoded graph a worker needs, and how they travel.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weft/workflow/graph_codec.hpp"
#include "weft/workflow/little_endian.hpp"
#include "workflow/planned_graph.hpp"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::uint32_t> numbers_of(const std::vector<TaskId>& tasks) {
  std::vector<std::uint32_t> numbers;
  for (const TaskId task : tasks) numbers.push_back(task.number());
  return numbers;
}

std::shared_ptr<Plan> plan_on_two_workers(const Graph& graph) {
  auto plan = std::make_shared<Plan>();
  for (std::uint32_t i = 0; i < 2; ++i) plan->workers.push_back({.id = WorkerId{i}});
  plan->placements.resize(graph.task_count());
  return plan;
}

TEST(Slices, HoldTheTasksOfAWorkerAndFlexibleOnes) {
  Workflow workflow{"plain"};
  for (int i = 0; i < 4; ++i) workflow.task(sample::number, i);
  const GraphPtr graph = sample::freeze(workflow);
  const auto plan = plan_on_two_workers(*graph);
  plan->placements[1].worker = WorkerId{1};
  plan->placements[2].worker = flexible_worker;
  EXPECT_THAT(numbers_of(tasks_of_worker(*graph, *plan, WorkerId{0})), ElementsAre(0, 2, 3));
  EXPECT_THAT(numbers_of(tasks_of_worker(*graph, *plan, WorkerId{1})), ElementsAre(1, 2));
  EXPECT_THAT(numbers_of(tasks_of_worker(*graph, *plan, WorkerId{9})), ElementsAre(2));
}

TEST(Slices, HoldMapsAndAllInsideOfThem) {
  Workflow workflow{"maps"};
  const auto list = workflow.task(sample::range, 3);              // 0
  workflow.task(sample::sum, workflow.map(list, sample::twice));  // 1, 2, 3
  const GraphPtr graph = sample::freeze(workflow);
  const auto plan = plan_on_two_workers(*graph);
  EXPECT_THAT(numbers_of(tasks_of_worker(*graph, *plan, WorkerId{1})), ElementsAre(1, 2));
}

TEST(Slices, HoldEachConstantOnce) {
  Workflow workflow{"constants"};
  workflow.task(sample::number, 1);                   // Constant 0.
  const auto two = workflow.task(sample::add, 2, 3);  // 1 and 2.
  const auto all = workflow.task(sample::sum, std::vector{two});
  const GraphPtr graph = sample::freeze(workflow);
  const std::vector tasks{two.task(), all.task(), TaskId{0}, two.task()};
  EXPECT_THAT(constants_of(*graph, tasks), ElementsAre(0, 1, 2));
  EXPECT_THAT(constants_of(*graph, std::vector{all.task()}), ElementsAre());
}

/// Three parts and a header.
class PackedSlices : public testing::Test {
protected:
  GraphParts parts{.header = "head",
                   .tasks = {{TaskId{7}, "seven"}, {TaskId{2}, ""}},
                   .constants = {{9, std::string_view("n\0ne", 4)}}};
  Blob packed = pack_slice(parts);

  static Errc code_of(std::string_view bytes, const GraphLimits& limits = {}) {
    const auto result = unpack_slice(bytes, limits);
    return result ? Errc::none : result.error().code;
  }
};

TEST_F(PackedSlices, AreUnpackedAsTheyWere) {
  const GraphParts read = unpack_slice(packed).value();
  EXPECT_EQ(read.header, parts.header);
  EXPECT_EQ(read.tasks, parts.tasks);
  EXPECT_EQ(read.constants, parts.constants);
  EXPECT_EQ(code_of(pack_slice({})), Errc::none);
}

TEST_F(PackedSlices, AreRefusedWhenTheyAreCutOrFollowed) {
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_EQ(code_of(std::string_view(packed).substr(0, size)), Errc::decode_failed) << size;
  }
  EXPECT_EQ(code_of(packed + "x"), Errc::decode_failed);
}

TEST_F(PackedSlices, AreRefusedWhenTheyAreSomethingElse) {
  packed[0] = 'x';
  EXPECT_THAT(unpack_slice(packed).error().message, HasSubstr("do not begin as such"));
}

TEST_F(PackedSlices, KeepToTheLimits) {
  EXPECT_EQ(code_of(packed, {.tasks = 2, .constants = 1, .header_bytes = 4}), Errc::none);
  EXPECT_EQ(code_of(packed, {.tasks = 1}), Errc::limit_exceeded);
  EXPECT_EQ(code_of(packed, {.constants = 0}), Errc::limit_exceeded);
  EXPECT_EQ(code_of(packed, {.header_bytes = 3}), Errc::limit_exceeded);
}

TEST_F(PackedSlices, ReserveNothingForPartsThatTheyOnlyClaim) {
  put_u32(packed.data() + 4, 9'999'999);
  EXPECT_EQ(code_of(packed), Errc::decode_failed);
  put_u32(packed.data() + 4, 2);
  put_u64(packed.data() + 20 + 4, ~std::uint64_t{0});  // The size of task 7.
  EXPECT_EQ(code_of(packed), Errc::decode_failed);
}

TEST_F(PackedSlices, MayBeChangedInAnyByteWithoutHarm) {
  for (std::size_t at = 0; at < packed.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      Blob changed = packed;
      changed[at] = static_cast<char>(byte);
      const auto read = unpack_slice(changed);
      if (!read) continue;
      std::size_t size = read->header.size();
      for (const auto& task : read->tasks) size += task.second.size();
      for (const auto& constant : read->constants) size += constant.second.size();
      EXPECT_EQ(size, 4 + 5 + 0 + 4u) << "byte " << at << " is " << byte;
    }
  }
}

}  // namespace
}  // namespace weft
