// What holds of every shape.

#include "weft/workflow/generators/generator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "weft/workflow/generators/draws.hpp"
#include "workflow/shape_facts.hpp"

namespace weft {
namespace {

using testing::HasSubstr;

class EveryShape : public testing::TestWithParam<GeneratedShape> {
protected:
  /// Of this shape, as many tasks as are usual unless said otherwise.
  [[nodiscard]] static Trace made(std::optional<std::uint32_t> tasks = {}, std::uint64_t seed = 1) {
    return generate(
             {.shape = std::string(GetParam().name), .tasks = tasks, .seed = seed, .name = {}})
      .value();
  }
};

INSTANTIATE_TEST_SUITE_P(All, EveryShape, testing::ValuesIn(generated_shapes()),
                         [](const auto& each) { return "Shape_" + std::string(each.param.name); });

TEST_P(EveryShape, IsTheSameForASeed) {
  EXPECT_EQ(made({}, 7), made({}, 7));
}

TEST_P(EveryShape, DiffersBetweenSeedsUnlessNothingIsDrawn) {
  EXPECT_EQ(made({}, 7) == made({}, 8), GetParam().name == "fixed_times");
}

TEST_P(EveryShape, HasTheTasksThatWereWantedWithinItsStep) {
  std::vector<std::uint32_t> wanted{1000, 9'999, 20'001};
  for (std::uint32_t tasks = GetParam().least; tasks < GetParam().least + 300; ++tasks) {
    wanted.push_back(tasks);
  }
  for (const std::uint32_t tasks : wanted) {
    const auto count = static_cast<std::int64_t>(made(tasks).tasks.size());
    EXPECT_LE(std::abs(count - tasks), GetParam().step) << tasks << " wanted";
  }
}

TEST_P(EveryShape, HasItsLeastAndItsUsualNumberOfTasksExactly) {
  EXPECT_EQ(made(GetParam().least).tasks.size(), GetParam().least);
  EXPECT_EQ(made().tasks.size(), GetParam().usual);
}

TEST_P(EveryShape, RefusesFewerTasksThanItsLeast) {
  const auto refused =
    generate({.shape = std::string(GetParam().name), .tasks = GetParam().least - 1, .name = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_THAT(refused.error().hint, HasSubstr(std::to_string(GetParam().least) + " to 1000000"));
}

TEST_P(EveryShape, HasParentsBeforeChildrenAndAFileForEveryEdge) {
  const Trace trace = made(500, 3);
  std::vector<std::set<std::uint32_t>> writers(trace.files.size());
  for (std::uint32_t i = 0; i < trace.tasks.size(); ++i) {
    const TraceTask& task = trace.tasks[i];
    std::set<std::uint32_t> wrote;
    for (const std::uint32_t file : task.inputs) {
      wrote.insert(writers[file].begin(), writers[file].end());
    }
    EXPECT_EQ(wrote, (std::set<std::uint32_t>(task.parents.begin(), task.parents.end())));
    EXPECT_EQ(wrote.size(), task.parents.size()) << task.name << " has a parent twice";
    EXPECT_TRUE(wrote.empty() || *wrote.rbegin() < i) << task.name;
    for (const std::uint32_t file : task.outputs) writers[file].insert(i);
  }
  for (const auto& of_file : writers) EXPECT_LE(of_file.size(), 1u);
}

TEST_P(EveryShape, NamesEveryTaskAndFileOnce) {
  const Trace trace = made(500);
  std::set<std::string> names;
  for (const TraceTask& task : trace.tasks) EXPECT_TRUE(names.insert(task.name).second);
  for (const TraceFile& file : trace.files) EXPECT_TRUE(names.insert(file.name).second);
  constexpr std::string_view allowed =  // By the schema of WfFormat.
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-";
  for (const std::string& name : names) {
    EXPECT_EQ(name.find_first_not_of(allowed), std::string::npos) << name;
  }
}

TEST_P(EveryShape, TakesTimeInEveryTask) {
  for (const TraceTask& task : made(500).tasks) {
    EXPECT_GE(task.runtime, std::chrono::milliseconds{1}) << task.name;
    EXPECT_LE(task.runtime, std::chrono::hours{11}) << task.name;
  }
}

TEST_P(EveryShape, SaysWhatItIsInALineAndWhereItsFiguresAreFrom) {
  EXPECT_LE(GetParam().name.size() + 2 + GetParam().summary.size(), 100u);
  EXPECT_FALSE(GetParam().source.empty());
  EXPECT_LE(GetParam().least, GetParam().usual);
}

TEST(Generator, NamesAWorkflowAsToldOrAfterItsShapeAndSize) {
  EXPECT_EQ(generate({.shape = "blast", .tasks = 43, .name = "search"}).value().name, "search");
  EXPECT_EQ(generate({.shape = "blast", .tasks = 43, .name = {}}).value().name, "blast-43");
}

TEST(Generator, AnswersAMisspeltShapeWithTheRightOne) {
  const auto refused = generate({.shape = "montag", .tasks = {}, .name = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_EQ(refused.error().hint, "did you mean montage?");
}

TEST(Generator, AnswersAShapeLikeNoOtherWithAllThereAre) {
  EXPECT_THAT(generate({.shape = "xyzzy-quux", .tasks = {}, .name = {}}).error().hint,
              HasSubstr("choose one of montage, epigenomics"));
}

TEST(Generator, RefusesMoreTasksThanTheImporterReads) {
  EXPECT_FALSE(generate({.shape = "chain", .tasks = max_generated_tasks + 1, .name = {}}));
}

// -- numbers --------------------------------------------------------------------------------------

TEST(Draws, StayWithinTheirSpread) {
  Draws draws{1};
  const std::vector<Spread> spreads{
    {0, 0, 0}, {1, 1, 1}, {0, 5, 9}, {3, 90, 2195}, {1, 2, 20'000'000'000}, {7, 7, 8}};
  for (int i = 0; i < 10'000; ++i) {
    for (const Spread& spread : spreads) {
      const std::uint64_t value = draws.within(spread);
      ASSERT_GE(value, spread.least);
      ASSERT_LE(value, spread.most);
    }
  }
}

TEST(Draws, LieBelowTheMedianHalfOfTheTime) {
  Draws draws{2};
  int below = 0;
  for (int i = 0; i < 10'000; ++i) below += draws.within({10, 1000, 1'000'000}) < 1000 ? 1 : 0;
  EXPECT_NEAR(below, 5000, 150);  // Three standard deviations.
}

TEST(Draws, AreNearTheMedianMoreOftenThanNearTheEnds) {
  Draws draws{3};
  int near = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t value = draws.within({100, 1000, 10'000});
    near += value >= 316 && value <= 3162 ? 1 : 0;  // The inner half of the logarithmic axis.
  }
  EXPECT_NEAR(near, 7500, 130);
}

TEST(Draws, HaveEveryDoublingAlike) {
  Draws draws{4};
  std::vector<int> octaves(10, 0);
  for (int i = 0; i < 10'000; ++i) {
    std::uint64_t value = draws.log_uniform(1024, (1u << 20) - 1) >> 10;
    std::size_t octave = 0;
    while ((value >>= 1) > 0) ++octave;
    ++octaves[octave];
  }
  for (const int count : octaves) EXPECT_NEAR(count, 1000, 90);
}

TEST(Draws, AreTheSameOnEveryPlatform) {
  Draws draws{42};
  EXPECT_EQ(draws.below(1000), 406u);
  EXPECT_EQ(draws.log_uniform(1, 1'000'000'000'000), 9u);
  EXPECT_EQ(draws.within({3, 90, 2195}), 28u);
}

}  // namespace
}  // namespace weft
