// What crosses the border between a program and a module that was linked apart from it: values,
// their types, exceptions, errors, requests to stop.

#include <latch>

#include "runtime/module_fixture.hpp"
#include "runtime/modules/parcel.hpp"
#include "weft/runtime/engine.hpp"
#include "weft/runtime/harness.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using workshop::Parcel;
using workshop::Sealed;

const Parcel sample{.label = "glass", .weights = {1.5, 2}, .stamps = {{"red", 2}}, .insured = 50};

TaskSpec call(std::string_view function, std::vector<ArgumentSpec> arguments) {
  const FunctionName name = function_named(function);
  return {.name = name.name, .function = name, .arguments = std::move(arguments)};
}

ArgumentSpec constant(Value value) {
  return {std::move(value)};
}
ArgumentSpec output(std::string task) {
  return {ArgumentSpec::Output{std::move(task)}};
}

EngineOptions without_history() {
  EngineOptions options;
  options.recorder.history = "";
  options.pool.slots = 1;
  return options;
}

/// The output of the last of these tasks.
Result<Value> last_of(Registry registry, std::vector<TaskSpec> tasks) {
  Workflow workflow{"crossing"};
  TaskId last;
  for (TaskSpec& task : tasks) last = workflow.add(std::move(task));
  const auto graph = std::move(workflow).freeze(registry).value();
  Harness harness{std::move(registry), {.engine = without_history()}};
  const auto run = harness.submit_graph(graph, {last});
  run->wait();
  return run->output(last);
}

/// What the run of one call of the module's says when it fails.
Error failure_of(std::string_view function) {
  const auto failed = last_of(with_module("workshop"), {call(function, {constant(Value::of(7))})});
  EXPECT_FALSE(failed.has_value());
  if (failed) return {};
  Error error = failed.error();
  while (!error.causes.empty() && error.message.find(function) != std::string::npos) {
    error = Error{error.causes.front()};
  }
  return error;
}

TEST(ModuleValues, AStructMadeInAModuleIsReadInPlaceByTheProgram) {
  const auto made =
    last_of(with_module("workshop"),
            {call("workshop.pack@1", {constant(Value::of(std::string("glass"))),
                                      constant(Value::of(std::vector<double>{1.5, 2}))})});
  ASSERT_TRUE(made.has_value()) << to_string(made.error());
  const auto* parcel = made->object<Parcel>();  // Nothing if its type were another one here.
  ASSERT_NE(parcel, nullptr);
  EXPECT_EQ(*parcel, sample);
  EXPECT_EQ(made->type_name(), "workshop::Parcel");
}

TEST(ModuleValues, AStructMadeInAModuleHasAnEncoding) {
  const auto made =
    last_of(with_module("workshop"),
            {call("workshop.pack@1", {constant(Value::of(std::string("glass"))),
                                      constant(Value::of(std::vector<double>{1.5, 2}))})});
  const auto bytes = made->encoding();
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(**Value::encoded(Blob(*bytes)).as<Parcel>(), sample);
}

TEST(ModuleValues, AModuleReadsWhatTheProgramMade) {
  const auto weight =
    last_of(with_module("workshop"),
            {call("workshop.weigh@1", {constant(Value::of(Sealed{{sample, sample}}))})});
  ASSERT_TRUE(weight.has_value()) << to_string(weight.error());
  EXPECT_EQ(**weight->as<double>(), 7);
}

TEST(ModuleValues, AModuleReadsEncodedValues) {
  const Value list = Value::encoded(Blob(*Value::of(std::vector{sample}).encoding()));
  const auto weight =
    last_of(with_module("workshop"), {call("workshop.seal@1", {constant(list)}),
                                      call("workshop.weigh@1", {output("workshop.seal")})});
  ASSERT_TRUE(weight.has_value()) << to_string(weight.error());
  EXPECT_EQ(**weight->as<double>(), 3.5);
}

TEST(ModuleValues, FunctionsOfTheProgramTakeWhatAModuleMade) {
  Registry registry = with_module("workshop");
  registry.add(Function{"label@1", [](const Sealed& sealed) { return sealed.content[0].label; }});
  const auto label =
    last_of(registry, {call("workshop.seal@1", {constant(Value::of(std::vector{sample}))}),
                       call("label@1", {output("workshop.seal")})});
  ASSERT_TRUE(label.has_value()) << to_string(label.error());
  EXPECT_EQ(**label->as<std::string>(), "glass");
}

TEST(ModuleValues, AValueOutlivesTheRegistryAndTheEngineThatMadeIt) {
  const Value sealed =
    last_of(with_module("workshop"),
            {call("workshop.seal@1", {constant(Value::of(std::vector{sample}))})})
      .value();
  ASSERT_NE(sealed.object<Sealed>(), nullptr);
  EXPECT_EQ(sealed.object<Sealed>()->content.front(), sample);
}

TEST(ModuleErrors, AStandardExceptionBecomesAFailedTask) {
  const Error error = failure_of("workshop.drop");
  EXPECT_EQ(error.code, Errc::task_failed);
  EXPECT_THAT(to_string(error), HasSubstr("it fell"));
}

TEST(ModuleErrors, AnExceptionOfWeftKeepsCodeHintAndCauses) {
  const Error error = failure_of("workshop.confiscate");
  EXPECT_EQ(error.code, Errc::limit_exceeded);
  EXPECT_THAT(to_string(error), HasSubstr("too heavy"));
  EXPECT_THAT(to_string(error), HasSubstr("unreadable scale"));
  EXPECT_THAT(to_string(error), HasSubstr("hint: send two"));
}

TEST(ModuleErrors, AnErrorThatIsReturnedComesAsItIs) {
  const Error error = failure_of("workshop.refuse");
  EXPECT_EQ(error.code, Errc::invalid_argument);
  EXPECT_THAT(to_string(error), HasSubstr("no parcel 7"));
}

TEST(ModuleTime, AModuleSleepsOnTheClockOfTheHarness) {
  const auto slept =
    last_of(with_module("workshop"), {call("workshop.oversleep@2", {constant(Value::of(4))})});
  ASSERT_TRUE(slept.has_value()) << to_string(slept.error());
  const auto too_long =
    last_of(with_module("workshop"), {call("workshop.oversleep@2", {constant(Value::of(6))})});
  ASSERT_FALSE(too_long.has_value());
  EXPECT_EQ(too_long.error().code, Errc::timed_out);
}

TEST(ModuleTime, ARequestToStopReachesAFunctionOfAModule) {
  std::latch waiting{1};
  Registry registry = with_module("workshop");
  Workflow workflow{"crossing"};
  const TaskId task = workflow.add(call("workshop.wait_for_end@1", {constant(Value::of(1))}));
  const auto graph = std::move(workflow).freeze(registry).value();
  {
    Engine engine{registry, without_history()};
    const auto run = engine.submit_graph(graph, {task}, {.progress_events = true});
    run->subscribe([&](const RunEvent& event) {
      if (event.kind == RunEventKind::task_progress) waiting.count_down();
    });
    waiting.wait();
    EXPECT_TRUE(run->cancel("enough"));
    run->wait();
    EXPECT_EQ(run->record().state, RunState::cancelled);
  }  // Waits for the function, which returns because it was told to.
}

}  // namespace
}  // namespace weft::test
