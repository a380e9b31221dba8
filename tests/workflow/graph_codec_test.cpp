#include "weft/workflow/graph_codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "support/stub_context.hpp"
#include "workflow/planned_graph.hpp"

namespace weft {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

/// A workflow, all tasks on the first of two workers until the test places them.
class GraphEncoding : public testing::Test {
protected:
  Workflow workflow{"encoded"};
  Registry registry = sample::registry();
  GraphPtr graph;
  Plan plan;

  void freeze() {
    graph = workflow.freeze(registry).value();
    plan.planner = "by_hand";
    for (std::uint32_t i = 0; i < 2; ++i) plan.workers.push_back({.id = WorkerId{i}});
    plan.placements.resize(graph->task_count());
  }
  [[nodiscard]] EncodedGraph encoded() const { return encode_graph(*graph, plan).value(); }
  [[nodiscard]] DecodedGraph decoded() const {
    return decode_graph(parts_of(encoded()), registry).value();
  }
  [[nodiscard]] Error refusal(const GraphLimits& limits = {}) const {
    const auto result = encode_graph(*graph, plan, limits);
    return result ? Error{.code = Errc::none} : result.error();
  }
};

std::string hex(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text.empty() && text.size() % 9 == 8) text += ' ';
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

// -- layout ---------------------------------------------------------------------------------------

TEST_F(GraphEncoding, HasRecordsThatScriptsCanRead) {
  const auto list = workflow.task(sample::range, 3);         // 0
  const auto outer = workflow.task(sample::number, 1);       // 1
  const auto each = workflow.map(list, sample::twice);       // 2, 3
  const auto next = workflow.map(each, sample::add, outer);  // 4
  workflow.task(sample::both, workflow.gather(next), list);  // 5, 6
  freeze();
  plan.placements[4] = {.worker = WorkerId{1}, .origin = Origin::user, .rank = 1.5f};
  plan.placements[2] = {.worker = flexible_worker, .rank = -2.0f};
  const EncodedGraph all = encoded();
  // Worker, rank, kind and origin, scope, position, body, pending, readers, children, dependencies.
  const std::string second_step =
    "01000000 0000c03f 00010000 01000000 01000000 00000000 01000000 01000000 01000000 02000000 "
    "05000000 "                                               // Its child.
    "03000000 01000000 "                                      // What it depends on,
    "00000400 00000000 00000200 00000100 00000001 01000000";  // both as outputs; and the rest.
  EXPECT_EQ(hex(all.tasks[4]), second_step);
  const std::string map =
    "ffffffff 000000c0 01000000 00000000 02000000 01000000 01000000 00000000 01000000 01000000 "
    "05000000 00000000 00020000 00000000 00010000 00010000 0000";
  EXPECT_EQ(hex(all.tasks[2]), map);
}

TEST_F(GraphEncoding, StatesOnceWhatManyTasksHaveAlike) {
  for (int i = 0; i < 1000; ++i) {
    workflow.options(workflow.task(sample::number, 1)).expected_time = std::chrono::seconds{5};
  }
  freeze();
  const std::size_t before = encoded().header.size();
  EXPECT_LT(before, 1000u);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    plan.optimizations.push_back({.task = TaskId{i}, .choice = {.kind = "output_streaming"}});
  }
  EXPECT_LT(encoded().header.size(), before + 6 * 1000);
}

// -- what is kept ---------------------------------------------------------------------------------

TEST_F(GraphEncoding, KeepsAllThatTheUserFixed) {
  const auto named = workflow.task(sample::number, 1);
  workflow.name(named, "the.first");
  workflow.options(named) = {
    .worker = WorkerId{1},
    .worker_class = WorkerClass{.cpus = 0.25, .memory = {512}},
    .retries = RetryPolicy{.attempts = 5, .backoff = Nanos{7}, .on = {Errc::timed_out}},
    .timeout = Nanos{99},
    .optimizations = {{.kind = "preload", .parameters = {{"a", "b"}}, .wish = Wish::forbidden}},
    .io_relation = IoRelation::power,
    .purity = Purity::idempotent,
    .keep_output = KeepOutput::until_erased,
    .expected_time = Nanos{3},
    .expected_output = Bytes{1ull << 40},
    .max_items = {}};
  const auto each = workflow.map(workflow.task(sample::range, 1), sample::twice);
  workflow.map_options(each).max_items = 17;
  workflow.requirements().files = {"in.csv"};
  freeze();
  const GraphPtr read = decoded().graph;
  EXPECT_EQ(read->options(named.task()), graph->options(named.task()));
  EXPECT_EQ(read->options(named.task()).retries->attempts, 5u);
  EXPECT_EQ(read->options(sample::map_of(*read, each)).max_items, 17u);
  EXPECT_EQ(read->find("the.first"), named.task());
  EXPECT_EQ(read->requirements().files, std::vector<std::string>{"in.csv"});
  test::expect_same_graph(*graph, *read);
}

TEST_F(GraphEncoding, KeepsThePlan) {
  workflow.task(sample::number, 1);
  workflow.task(sample::number, 2);
  freeze();
  plan.workers[1].worker_class = {.cpus = 4, .memory = {2048}};
  plan.placements = {{.worker = WorkerId{1}, .origin = Origin::user, .rank = 0.1f},
                     {.worker = flexible_worker, .rank = std::numeric_limits<float>::infinity()}};
  plan.optimizations = {{TaskId{0}, {.kind = "b", .origin = Origin::planner}},
                        {TaskId{0}, {.kind = "a", .parameters = {{"x", "1"}, {"y", ""}}}},
                        {TaskId{1}, {.kind = "b", .origin = Origin::planner}}};
  EXPECT_EQ(*decoded().plan, plan);
}

TEST_F(GraphEncoding, KeepsTheOrderOfTasksThatWereAddedBackwards) {
  workflow.add({.name = "last",
                .function = {"number"},
                .arguments = {sample::output_of("first")},
                .after = {"middle"},
                .options = {}});
  workflow.add({.name = "middle", .function = {"number"}, .arguments = {{Value::of(1)}}});
  workflow.add({.name = "first", .function = {"number"}, .arguments = {{Value::of(2)}}});
  freeze();
  EXPECT_EQ(decoded().graph->topological_order(), graph->topological_order());
  EXPECT_EQ(decoded().graph->sinks(), std::vector{TaskId{0}});
}

TEST_F(GraphEncoding, IsOfMapsThatNestDeeply) {
  const auto list = workflow.task(sample::range, 1);
  const std::function<Future<int>(int)> nest = [&](int left) -> Future<int> {
    if (left == 0) return workflow.task(sample::twice, workflow.task(sample::number, 1));
    return workflow.task(sample::sum,
                         workflow.for_each(list, [&](Future<int>) { return nest(left - 1); }));
  };
  nest(2000);
  freeze();
  test::expect_same_graph(*graph, *decoded().graph);
}

// -- what has no encoding -------------------------------------------------------------------------

TEST_F(GraphEncoding, NamesTheConstantThatCannotLeaveTheProcess) {
  using Callback = std::function<void()>;
  const Function call{"call@1", [](int x, const Callback&) { return x; }};
  registry.add(call);
  workflow.task(sample::number, 1);
  workflow.name(workflow.task(call, 2, Callback{}), "caller");
  freeze();
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::encode_failed);
  EXPECT_EQ(error.task, "caller");
  EXPECT_THAT(error.message, HasSubstr("constant 2: a value of type std::function<void ()>"));
  EXPECT_THAT(error.hint, HasSubstr("MSGPACK_DEFINE"));
}

TEST_F(GraphEncoding, RefusesAConstantThatIsMissing) {
  workflow.add({.name = "lacking", .function = {"number"}, .arguments = {{Value{}}}});
  freeze();
  EXPECT_EQ(refusal().code, Errc::encode_failed);
  EXPECT_EQ(refusal().task, "lacking");
}

TEST_F(GraphEncoding, RefusesArgumentsThatNestTooDeeply) {
  for (const std::size_t depth : {max_argument_depth, max_argument_depth + 1}) {
    ArgumentSpec argument{Value::of(1)};
    for (std::size_t i = 0; i < depth; ++i) argument = {ArgumentSpec::List{argument}};
    workflow.add(
      {.name = "t" + std::to_string(depth), .function = {"sum"}, .arguments = {argument}});
    freeze();
    EXPECT_EQ(refusal().code, depth == max_argument_depth ? Errc::none : Errc::encode_failed);
    plan = {};
  }
}

TEST_F(GraphEncoding, RefusesAPlanThatIsNotOfThisGraph) {
  workflow.task(sample::number, 1);
  workflow.task(sample::number, 2);
  freeze();
  const Plan good = plan;
  plan.placements.pop_back();
  EXPECT_EQ(refusal().code, Errc::invalid_argument);
  plan = good;
  plan.placements[1].worker = WorkerId{2};
  EXPECT_EQ(refusal().code, Errc::invalid_argument);
  EXPECT_EQ(refusal().task, "number-1");
  plan = good;
  plan.placements[0].rank = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refusal().code, Errc::invalid_argument);
  plan = good;
  plan.workers[1].id = WorkerId{5};
  EXPECT_EQ(refusal().code, Errc::invalid_argument);
  plan = good;
  plan.optimizations = {{TaskId{1}, {.kind = "a"}}, {TaskId{0}, {.kind = "a"}}};
  EXPECT_EQ(refusal().code, Errc::invalid_argument);
  plan = good;
  plan.optimizations = {{TaskId{2}, {.kind = "a"}}};
  EXPECT_EQ(refusal().code, Errc::invalid_argument);
  plan = good;
  EXPECT_EQ(refusal().code, Errc::none);
}

TEST_F(GraphEncoding, KeepsToTheLimits) {
  for (int i = 0; i < 3; ++i) workflow.task(sample::number, i);
  freeze();
  const std::size_t header = encoded().header.size();
  EXPECT_EQ(refusal({.tasks = 3, .constants = 3, .header_bytes = header}).code, Errc::none);
  EXPECT_EQ(refusal({.tasks = 2}).code, Errc::limit_exceeded);
  EXPECT_EQ(refusal({.constants = 2}).code, Errc::limit_exceeded);
  EXPECT_EQ(refusal({.header_bytes = header - 1}).code, Errc::limit_exceeded);
}

// -- functions that are not there -----------------------------------------------------------------

Result<Value> call(const Graph& graph, TaskId task) {
  test::StubContext context;
  const Inputs none;
  ArgumentReader reader{graph.arguments(task), graph.constants(), none};
  return graph.function(task).call(reader, context);
}

TEST_F(GraphEncoding, IsReadWhereFunctionsAreMissing) {
  workflow.task(sample::number, 1);
  workflow.task(sample::number, 2);
  workflow.task(sample::word, "x");
  freeze();
  Registry other;
  other.add(sample::word).add(Function{"numbers@1", [](int x) { return x; }});
  const GraphPtr read = decode_graph(parts_of(encoded()), other)->graph;
  EXPECT_EQ(read->task_name(TaskId{1}), "number-1");
  EXPECT_EQ(call(*read, TaskId{1}).error().code, Errc::function_unknown);
  EXPECT_THAT(call(*read, TaskId{1}).error().message, HasSubstr("'number@1'"));
  EXPECT_TRUE(call(*read, TaskId{2}).has_value());
  const auto missing = missing_functions(*read, other);
  ASSERT_THAT(missing, SizeIs(1));
  EXPECT_EQ(missing[0].code, Errc::function_unknown);
  EXPECT_EQ(missing[0].message, "function 'number@1' is not registered");
  EXPECT_EQ(missing[0].hint, "did you mean numbers@1?");
}

TEST_F(GraphEncoding, NamesMissingFunctionsThatTheSliceCallsAlone) {
  workflow.task(sample::number, 1);
  workflow.task(sample::word, "x");
  freeze();
  const EncodedGraph all = encoded();
  const std::vector tasks{TaskId{1}};
  const auto slice = decode_graph(parts_of(all, tasks, constants_of(*graph, tasks)), Registry{});
  const auto missing = missing_functions(*slice->graph, Registry{});
  ASSERT_THAT(missing, SizeIs(1));
  EXPECT_THAT(missing[0].message, HasSubstr("'word@1'"));
}

TEST_F(GraphEncoding, ListsFiftyMissingFunctionsAtMost) {
  for (int i = 0; i < 60; ++i) {
    const Function one{"numbered_" + std::to_string(i) + "@1", [](int x) { return x; }};
    registry.add(one);
    workflow.task(one, i);
  }
  freeze();
  const GraphPtr read = decode_graph(parts_of(encoded()), Registry{})->graph;
  EXPECT_THAT(missing_functions(*read, Registry{}), SizeIs(50));
}

TEST_F(GraphEncoding, HasTasksOutsideOfASliceThatFail) {
  workflow.task(sample::number, 1);
  workflow.task(sample::number, 2);
  freeze();
  const EncodedGraph all = encoded();
  const std::vector tasks{TaskId{1}};
  const DecodedGraph slice = decode_graph(parts_of(all, tasks, {}), registry).value();
  EXPECT_EQ(call(*slice.graph, TaskId{0}).error().code, Errc::internal);
  EXPECT_THROW(call(*slice.graph, TaskId{1}).value(), Exception) << "its constant is missing";
  EXPECT_EQ(encode_graph(*slice.graph, *slice.plan).error().code, Errc::encode_failed);
}

}  // namespace
}  // namespace weft
