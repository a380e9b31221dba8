#include "weft/workflow/importers/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>

#include "support/stub_context.hpp"
#include "weft/workflow/importers/replay_step.hpp"
#include "weft/workflow/importers/wfformat.hpp"
#include "workflow/wfformat_samples.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using test::StubContext;
using testing::HasSubstr;

Trace sample() {
  return *parse_wfformat(test::sample_15().dump(), "sample.json");
}

GraphPtr graph_of(const Trace& trace, const ReplayOptions& options = {}) {
  Registry registry;
  add_replay_functions(registry, trace);
  return replay(trace, options).value().freeze(registry).value();
}

/// What a graph yields when its tasks run one after the other.
struct Outputs {
  std::map<std::string, Value> by_task;
  Nanos waited{};

  [[nodiscard]] std::vector<std::size_t> sizes(const std::string& task) const {
    std::vector<std::size_t> all;
    for (const Blob& file : *by_task.at(task).object<ReplayedFiles>()) all.push_back(file.size());
    return all;
  }
};

Outputs run(const Graph& graph) {
  Outputs outputs;
  for (const TaskId task : graph.topological_order()) {
    Inputs inputs;
    for (const Dependency& dependency : graph.dependencies(task)) {
      const bool read = dependency.kind == DependencyKind::output;
      inputs.add(read ? outputs.by_task.at(graph.task_name(dependency.task)) : Value{});
    }
    ArgumentReader reader{graph.arguments(task), graph.constants(), inputs};
    StubContext context;
    auto output = graph.function(task).call(reader, context);
    EXPECT_TRUE(output) << to_string(output.error());
    outputs.by_task[graph.task_name(task)] = std::move(*output);
    for (const Nanos wait : context.waits) outputs.waited += wait;
  }
  return outputs;
}

std::vector<DependencyKind> kinds_of(const Graph& graph, std::string_view task) {
  std::vector<DependencyKind> kinds;
  for (const Dependency& dependency : graph.dependencies(*graph.find(task))) {
    kinds.push_back(dependency.kind);
  }
  return kinds;
}

// -- the workflow ---------------------------------------------------------------------------------

TEST(Replay, TakesOutputsOfParentsThatWroteAnInputAndWaitsForTheOthers) {
  const GraphPtr graph = graph_of(sample());
  EXPECT_EQ(graph->task_count(), 4u);
  EXPECT_EQ(kinds_of(*graph, "count_1"), std::vector{DependencyKind::output});
  auto kinds = kinds_of(*graph, "report");
  std::ranges::sort(kinds);
  EXPECT_EQ(kinds,
            (std::vector{DependencyKind::output, DependencyKind::output, DependencyKind::order}));
}

TEST(Replay, NamesFunctionsAfterTheKindOfTask) {
  const GraphPtr graph = graph_of(sample());
  EXPECT_EQ(to_string(graph->function_name(*graph->find("split_1"))), "replay.split@1");
  EXPECT_EQ(graph->function_name(*graph->find("count_1")),
            graph->function_name(*graph->find("count_2")));
}

TEST(Replay, TellsPlannersTheScaledTimeAndSizeOfEachTask) {
  const GraphPtr graph = graph_of(sample(), {.time_scale = 0.1, .data_scale = 0.5});
  const TaskOptions& options = graph->options(*graph->find("split_1"));
  EXPECT_EQ(options.expected_time, Nanos{50ms});
  EXPECT_EQ(options.expected_output, Bytes{1500});
  EXPECT_EQ(options.purity, Purity::pure);
}

TEST(Replay, KeepsNamesApartThatLookAlikeWithoutTheirSpecialCharacters) {
  Trace trace = sample();
  trace.name = "a trace: of things";
  const std::string long_name(300, 'x');
  const std::vector<std::string> names{"a b", "a/b", "a_b-2", long_name + "1"};
  for (std::size_t i = 0; i < 4; ++i) trace.tasks[i].name = names[i];
  trace.tasks.push_back({.name = long_name + "2", .category = "split/it"});
  trace.tasks.push_back({.name = "", .category = "split it"});
  const GraphPtr graph = graph_of(trace);
  EXPECT_EQ(graph->name(), "a_trace__of_things");
  std::vector<std::string> given;
  for (std::uint32_t i = 0; i < 6; ++i) given.push_back(graph->task_name(TaskId{i}));
  EXPECT_EQ(given, (std::vector<std::string>{"a_b", "a_b-2", "a_b-2-2", std::string(256, 'x'),
                                             std::string(245, 'x') + "-2", "_"}));
  EXPECT_EQ(graph->function_name(TaskId{4}).name, "replay.split_it");
  EXPECT_EQ(graph->function_name(TaskId{5}).name, "replay.split_it-2");
}

TEST(Replay, RegistersTheFunctionsOfSeveralTraces) {
  Registry registry;
  Trace other = sample();
  other.tasks[0].category = "another";
  add_replay_functions(registry, sample());
  add_replay_functions(registry, other);
  add_replay_functions(registry, sample());
  EXPECT_TRUE(replay(sample()).value().freeze(registry));
  EXPECT_TRUE(replay(other).value().freeze(registry));
}

// -- what tasks do --------------------------------------------------------------------------------

TEST(Replay, SpendsTheRecordedTimesAndWritesTheRecordedSizes) {
  const Outputs outputs = run(*graph_of(sample()));
  EXPECT_EQ(outputs.waited, Nanos{6750ms});
  EXPECT_EQ(outputs.sizes("split_1"), (std::vector<std::size_t>{1000, 2000}));
  EXPECT_EQ(outputs.sizes("count_2"), (std::vector<std::size_t>{20}));
  EXPECT_EQ(outputs.sizes("report"), std::vector<std::size_t>{});
}

TEST(Replay, ScalesTimesAndSizes) {
  const Outputs outputs = run(*graph_of(sample(), {.time_scale = 0.01, .data_scale = 3}));
  EXPECT_EQ(outputs.waited, Nanos{67500us});
  EXPECT_EQ(outputs.sizes("split_1"), (std::vector<std::size_t>{3000, 6000}));
  EXPECT_EQ(run(*graph_of(sample(), {.time_scale = 0, .data_scale = 0})).waited, Nanos{0});
}

TEST(Replay, YieldsTheSameBytesEveryTime) {
  const Outputs once = run(*graph_of(sample()));
  const Outputs again = run(*graph_of(sample(), {.time_scale = 0}));
  EXPECT_EQ(once.by_task, again.by_task);
}

class ReplayStepOf : public testing::Test {
protected:
  static Shared<ReplayedFiles> input(ReplayedFiles files) {
    return Value::of(std::move(files)).as<ReplayedFiles>().value();
  }

  StubContext context_;
};

TEST_F(ReplayStepOf, ReadsEveryByteOfTheFilesThatItReads) {
  // One byte each of many files: that all stay as they were by chance will not happen.
  const ReplayStep step{.reads = {{1}}, .output_bytes = std::vector<std::uint64_t>(8, 1)};
  const std::string file(1001, 'a');
  const auto before = play(context_, step, {input({"unread", file})}).value();
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string changed = file;
    changed[i] = 'b';
    EXPECT_NE(play(context_, step, {input({"unread", changed})}).value(), before) << i;
  }
}

TEST_F(ReplayStepOf, ReadsNoOtherFile) {
  const ReplayStep step{.reads = {{1}}, .output_bytes = {64}};
  EXPECT_EQ(*play(context_, step, {input({"one", "read"})}),
            *play(context_, step, {input({"another", "read"})}));
}

TEST_F(ReplayStepOf, ReadsFilesThatNoTaskWrote) {
  const auto with = [this](std::uint64_t bytes) {
    return play(context_, {.outside_bytes = bytes, .output_bytes = {8, 8, 8}}, {}).value();
  };
  EXPECT_NE(with(100'000'000), with(0));
}

TEST_F(ReplayStepOf, EndsAsCancelledWhenItIsStopped) {
  context_.stop.request_stop();
  for (const auto work : {ReplayOptions::Work::sleep, ReplayOptions::Work::burn}) {
    for (const ReplayStep& step :
         {ReplayStep{.time = 24h, .work = work},
          ReplayStep{.time = 24h, .work = work, .outside_bytes = std::uint64_t{1} << 60}}) {
      const auto output = play(context_, step, {});
      ASSERT_FALSE(output);
      EXPECT_EQ(output.error().code, Errc::cancelled);
    }
  }
}

TEST_F(ReplayStepOf, BurnsWithoutWaiting) {
  const auto output =
    play(context_, {.time = 1us, .work = ReplayOptions::Work::burn, .output_bytes = {5}}, {});
  ASSERT_TRUE(output) << to_string(output.error());
  EXPECT_EQ(output->at(0).size(), 5u);
  EXPECT_TRUE(context_.waits.empty());
}

// -- what is refused ------------------------------------------------------------------------------

TEST(Replay, NamesEachOptionOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  for (const double scale : {-1.0, 11.0, nan, infinite}) {
    EXPECT_THAT(to_string(validate({.time_scale = scale}).error()), HasSubstr("time scale is"));
  }
  for (const double scale : {-1.0, nan, infinite}) {
    EXPECT_THAT(to_string(validate({.data_scale = scale}).error()), HasSubstr("data scale is"));
  }
  const auto both = replay(sample(), {.time_scale = -1, .data_scale = -1});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, Errc::invalid_argument);
  EXPECT_EQ(both.error().causes.size(), 2u);
}

TEST(Replay, RefusesMoreDataThanItsLimitsWithAScaleThatFits) {
  Trace trace = sample();
  trace.files[1].size = {std::uint64_t{7} << 30};
  EXPECT_THAT(to_string(replay(trace).error()),
              HasSubstr("file 'part1' of 'counting' would take 7.00GiB; 4.00GiB is the most\n"
                        "hint: replay it with a data scale of 0.57 or less"));
  EXPECT_TRUE(replay(trace, {.data_scale = 0.57}));

  trace.files[1].size = trace.files[2].size = trace.files[3].size = {std::uint64_t{3} << 30};
  EXPECT_THAT(to_string(replay(trace, {.data_scale = 1.3}).error()),
              HasSubstr("the files of 'counting' would take 11.7GiB; 8.00GiB is the most\n"
                        "hint: replay it with a data scale of 0.88 or less"));
  EXPECT_TRUE(replay(trace, {.data_scale = 0.88}));
}

TEST(Replay, NamesALargeScaleThatFitsWithoutAnExponent) {
  EXPECT_THAT(to_string(replay(sample(), {.data_scale = 1e30}).error()),
              HasSubstr("replay it with a data scale of 4200000 or less"));
}

TEST(Replay, OfAnySizeMayBeLookedAt) {
  Trace trace = sample();
  trace.files[1].size = {std::uint64_t{1} << 50};
  const auto graph = graph_of(trace, {.purpose = ReplayOptions::Purpose::look});
  EXPECT_EQ(graph->options(TaskId{0}).expected_output, (Bytes{(std::uint64_t{1} << 50) + 2000}));
}

// -- traces that ship with weft -----------------------------------------------------------------

class ShippedTrace : public testing::TestWithParam<const char*> {};

TEST_P(ShippedTrace, IsSmallAndReplayed) {
  const auto path = std::filesystem::path(WEFT_SOURCE_DIR) / "examples/traces" /
                    (std::string(GetParam()) + ".json");
  const auto trace = load_wfformat(path);
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_LT(std::filesystem::file_size(path), 100'000u);
  EXPECT_GE(trace->tasks.size(), 20u);
  EXPECT_LE(trace->tasks.size(), 150u);
  std::set<Nanos> times;
  Nanos total{};
  for (const TraceTask& task : trace->tasks) {
    times.insert(task.runtime);
    total += task.runtime;
  }
  EXPECT_GT(times.size(), trace->tasks.size() * 9 / 10);
  EXPECT_EQ(run(*graph_of(*trace)).waited, total);
}

INSTANTIATE_TEST_SUITE_P(Examples, ShippedTrace,
                         testing::Values("mosaic", "sequencing", "fork_join"),
                         [](const auto& tested) { return std::string(tested.param); });

// -- published traces -----------------------------------------------------------------------------

struct Published {
  std::string file;
  std::size_t tasks;
  std::size_t edges;
  std::size_t categories;

  friend void PrintTo(const Published& trace, std::ostream* out) { *out << trace.file; }
};

class PublishedTrace : public testing::TestWithParam<Published> {
protected:
  /// Where the instances are: data that the project uses but does not own.
  static std::filesystem::path folder() {
    if (const char* given = std::getenv("WEFT_WFINSTANCES")) return given;
    return std::filesystem::path(WEFT_SOURCE_DIR) / "../shared/wfinstances";
  }
};

TEST_P(PublishedTrace, IsReadAndReplayed) {
  const auto path = folder() / GetParam().file;
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "needs " << path.filename() << " of WfInstances; name its folder in"
                 << " WEFT_WFINSTANCES";
  }
  const auto trace = load_wfformat(path);
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->tasks.size(), GetParam().tasks);
  EXPECT_EQ(trace->edge_count(), GetParam().edges);
  std::map<std::string, std::size_t> categories;
  Nanos total{};
  for (const TraceTask& task : trace->tasks) {
    ++categories[task.category];
    total += task.runtime;
  }
  EXPECT_EQ(categories.size(), GetParam().categories);

  const GraphPtr graph = graph_of(*trace, {.data_scale = 1e-4});
  ASSERT_EQ(graph->task_count(), GetParam().tasks);
  std::size_t edges = 0;
  for (std::uint32_t i = 0; i < graph->task_count(); ++i) {
    edges += graph->children(TaskId{i}).size();
  }
  EXPECT_EQ(edges, GetParam().edges);
  EXPECT_EQ(run(*graph).waited, total);
}

INSTANTIATE_TEST_SUITE_P(
  WfInstances, PublishedTrace,
  testing::Values(Published{"1000genome-chameleon-12ch-250k-001.json", 492, 636, 5},
                  Published{"1000genome-chameleon-2ch-100k-001.json", 52, 76, 5},
                  Published{"blast-chameleon-small-001.json", 43, 120, 4},
                  Published{"chipseq-dirt02-001.json", 210, 437, 50},
                  Published{"epigenomics-chameleon-hep-3seq-100k-001.json", 233, 285, 8},
                  Published{"epigenomics-chameleon-ilmn-4seq-50k-001.json", 1095, 1361, 8},
                  Published{"helloworld-forkjoin-10-chameleon.json", 10, 16, 1},
                  Published{"montage-chameleon-2mass-01d-001.json", 103, 231, 8},
                  Published{"montage-chameleon-2mass-03d-001.json", 748, 1992, 8},
                  Published{"rnaseq-dirt02-001.json", 197, 451, 62},
                  Published{"scrnaseq-dirt02-001.json", 14, 17, 10},
                  Published{"soykb-chameleon-10fastq-10ch-001.json", 96, 194, 14},
                  Published{"srasearch-chameleon-20a-001.json", 42, 60, 4}),
  [](const auto& tested) {
    std::string name = tested.param.file.substr(0, tested.param.file.find(".json"));
    std::ranges::replace_if(
      name, [](char c) { return c == '-'; }, '_');
    return name;
  });

}  // namespace
}  // namespace weft
