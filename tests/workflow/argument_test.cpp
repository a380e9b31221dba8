#include "weft/workflow/argument.hpp"

#include <gtest/gtest.h>

#include <array>

#include "support/function_call.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft {
namespace {

using test::Call;
using test::output;
using test::run;

/// A type without an encoding: it can only be handed over in place.
struct Mesh {
  explicit Mesh(int the_size) : size(the_size) {}
  Mesh(const Mesh&) = delete;
  Mesh(Mesh&&) = default;
  int size;
};

/// Without inspect: its fields are known to the compiler alone.
struct Exhibit {
  int number;
  std::optional<int> limit;
  std::string title;
  std::vector<int> sizes;
  std::array<int, 2> corner;
};

template <class Callable>
std::string thrown_by(Call& call, const Function<Callable>& function) {
  try {
    static_cast<void>(call.run(*function.definition()));
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().code, Errc::invalid_argument);
    return exception.error().message;
  }
  return "nothing was thrown";
}

int doubled(int x) {
  return 2 * x;
}

TEST(Arguments, AreReadInPlaceByReference) {
  const Value value = Value::of(std::string("large"));
  const std::string* seen = nullptr;
  const Function function{"look", [&seen](const std::string& text) { seen = &text; }};
  ASSERT_TRUE(run(Call{}.input(value), function).has_value());
  EXPECT_EQ(seen, value.object<std::string>());
}

TEST(Arguments, AreReadInPlaceAsShared) {
  const Value value = Value::of(Mesh{3});
  const Mesh* seen = nullptr;
  const Function function{"look", [&seen](const Shared<Mesh>& mesh) { seen = &*mesh; }};
  ASSERT_TRUE(run(Call{}.input(value), function).has_value());
  EXPECT_EQ(seen, value.object<Mesh>());
}

TEST(Arguments, OfAMapAreGatheredInPlaceAsAListOfShared) {
  const std::vector<Value> meshes{Value::of(Mesh{3}), Value::of(Mesh{4})};
  std::vector<const Mesh*> seen;
  const Function function{"look", [&seen](const std::vector<Shared<Mesh>>& all) {
                            for (const auto& mesh : all) seen.push_back(&*mesh);
                          }};
  ASSERT_TRUE(run(Call{}.gather(meshes), function).has_value());
  EXPECT_EQ(seen, (std::vector{meshes[0].object<Mesh>(), meshes[1].object<Mesh>()}));
}

TEST(Arguments, ThatAreOneListAreReadInPlaceAsAListOfShared) {
  std::vector<Mesh> meshes;
  meshes.emplace_back(3);
  meshes.emplace_back(4);
  const Mesh* first = meshes.data();
  const Value list = Value::of(std::move(meshes));
  const Value items = Value::of(ValueList{{list.list_item(0).value(), list.list_item(1).value()}});
  std::vector<const Mesh*> seen;
  const Function function{"look", [&seen](const std::vector<Shared<Mesh>>& all) {
                            for (const auto& mesh : all) seen.push_back(&*mesh);
                          }};
  ASSERT_TRUE(run(Call{}.input(list), function).has_value());
  ASSERT_TRUE(run(Call{}.input(items), function).has_value());
  EXPECT_EQ(seen, (std::vector{first, first + 1, first, first + 1}));
}

TEST(Arguments, OfAMapAreGatheredAsAList) {
  const Function sum{"sum", [](int start, const std::vector<int>& numbers) {
                       for (const int number : numbers) start += number;
                       return start;
                     }};
  Call call;
  call.input(Value::of(100)).gather({Value::of(1), Value::encoded("\x02"), Value::of(3)});
  EXPECT_EQ(output<int>(run(call, sum)), 106);
}

TEST(Arguments, OfAnEmptyMapAreAnEmptyList) {
  const Function count{
    "count", [](const std::vector<int>& a, int b) { return static_cast<int>(a.size()) + b; }};
  EXPECT_EQ(output<int>(run(Call{}.gather({}).input(Value::of(5)), count)), 5);
}

TEST(Arguments, NestListsMapsTuplesAndOptionals) {
  using Nested = std::map<std::string, std::vector<std::tuple<int, std::optional<double>>>>;
  const Function echo{"echo", [](const Nested& nested) { return nested; }};
  Call call;
  call.node(ArgKind::map, 2);
  call.constant(std::string("a")).node(ArgKind::list, 2);
  call.node(ArgKind::tuple, 2).input(Value::of(1)).node(ArgKind::some).input(Value::of(1.5));
  call.node(ArgKind::tuple, 2).constant(2).node(ArgKind::none);
  call.constant(std::string("b")).node(ArgKind::list, 0);
  EXPECT_EQ(output<Nested>(run(call, echo)), (Nested{{"a", {{1, 1.5}, {2, {}}}}, {"b", {}}}));
}

TEST(Arguments, MayStandAnywhereInAPair) {
  const Function echo{"echo", [](std::pair<int, std::string> pair) { return pair; }};
  Call call;
  call.node(ArgKind::tuple, 2).input(Value::of(1)).input(Value::of(std::string("x")));
  EXPECT_EQ((output<std::pair<int, std::string>>(run(call, echo))),
            (std::pair<int, std::string>{1, "x"}));
}

TEST(Arguments, MakeUpTheFieldsOfAStruct) {
  const Function show{"show", [](const Exhibit& scene) {
                        return scene.title + std::to_string(scene.number) + "," +
                               std::to_string(scene.limit.value_or(-1)) + "," +
                               std::to_string(scene.sizes.size()) + "," +
                               std::to_string(scene.corner[1]);
                      }};
  const auto scene = [](auto&& add_limit) {
    Call call;
    call.node(ArgKind::object, 5).input(Value::of(1));
    add_limit(call);
    call.constant(std::string("t")).node(ArgKind::list, 2).constant(8).input(Value::of(9));
    call.constant(std::array{3, 4});
    return call;
  };
  auto set = scene([](Call& call) { call.node(ArgKind::some).input(Value::of(6)); });
  EXPECT_EQ(output<std::string>(run(set, show)), "t1,6,2,4");
  auto unset = scene([](Call& call) { call.node(ArgKind::none); });
  EXPECT_EQ(output<std::string>(run(unset, show)), "t1,-1,2,4");
  auto whole = scene([](Call& call) { call.constant(std::optional{7}); });
  EXPECT_EQ(output<std::string>(run(whole, show)), "t1,7,2,4");
}

TEST(Arguments, MakeUpTheFieldsOfAStructInAWorkflow) {
  const Function one{"one", [] { return 1; }};
  const Function title{"title", [](const Exhibit& scene) { return scene.title; }};
  Registry registry;
  registry.add(one).add(title);
  Workflow workflow{"scenes"};
  const auto number = workflow.task(one);
  const std::string_view text = "from a view";
  const auto literal =
    workflow.task(title, object<Exhibit>(number, std::optional{number}, "from a literal",
                                         std::vector{number, number}, std::array{3, 4}));
  const auto view = workflow.task(title, object<Exhibit>(number, std::optional<int>{}, text,
                                                         std::vector{1, 2}, std::array{3, 4}));
  const auto graph = std::move(workflow).freeze(registry).value();
  Inputs inputs;
  inputs.add(Value::of(1));
  const auto scene_of = [&](const auto& task) {
    return ArgumentReader{graph->arguments(task.task()), graph->constants(), inputs}
      .build<Exhibit>();
  };

  EXPECT_EQ(scene_of(literal).title, "from a literal");
  EXPECT_EQ(scene_of(literal).limit, 1);
  EXPECT_EQ(scene_of(literal).sizes, (std::vector{1, 1}));
  EXPECT_EQ(scene_of(view).title, "from a view");
  EXPECT_EQ(scene_of(view).limit, std::nullopt);
}

TEST(Arguments, MayBeALongArray) {
  using Row = std::array<double, 2000>;
  const Function last{"last", [](const Row& row) { return row.back(); }};
  Row row{};
  row.back() = 4;
  EXPECT_EQ(output<double>(run(Call{}.constant(row), last)), 4);
}

TEST(Arguments, MayBeReadAsAnotherTypeOfTheSameEncoding) {
  const Function half{"half", [](double x) { return x / 2; }};
  EXPECT_EQ(output<double>(run(Call{}.constant(3), half)), 1.5);
}

TEST(Arguments, OfAnotherTypeAreAnError) {
  Call call;
  call.input(Value::of(std::string("x")));
  try {
    static_cast<void>(run(call, Function{"twice", doubled}));
    FAIL() << "nothing was thrown";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().code, Errc::decode_failed);
  }
}

TEST(Arguments, OfAnotherStructureAreAnError) {
  EXPECT_EQ(thrown_by(Call{}.node(ArgKind::list, 1).constant(1), Function{"twice", doubled}),
            "an argument cannot be read as int");
  Call fields;
  fields.node(ArgKind::object, 1).constant(1);
  EXPECT_NE(thrown_by(fields, Function{"number", [](const Exhibit& x) { return x.number; }})
              .find("cannot be read as"),
            std::string::npos);
}

TEST(Arguments, OfATupleOfAnotherSizeAreAnError) {
  const Function first{"first", [](std::tuple<int, int> pair) { return std::get<0>(pair); }};
  EXPECT_NE(thrown_by(Call{}.node(ArgKind::tuple, 3).constant(1).constant(2).constant(3), first),
            "nothing was thrown");
}

TEST(Arguments, ThatAreTooFewAreAnError) {
  Call call;
  EXPECT_EQ(thrown_by(call, Function{"twice", doubled}),
            "the function takes more arguments than the task passes");
  Call list;
  list.node(ArgKind::list, 2).constant(1);
  EXPECT_EQ(thrown_by(list, Function{"size", [](const std::vector<int>& x) { return x.size(); }}),
            "the function takes more arguments than the task passes");
}

TEST(Arguments, ThatAreTooManyAreAnErrorAndNothingIsCalled) {
  bool called = false;
  const Function function{"effect", [&called](int) { called = true; }};
  const auto result = run(Call{}.constant(1).constant(2), function);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Errc::invalid_argument);
  EXPECT_FALSE(called);
}

TEST(Arguments, ThatAreMissingAreAnError) {
  Call call;
  call.input(Value{});
  try {
    static_cast<void>(run(call, Function{"twice", doubled}));
    FAIL() << "nothing was thrown";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().code, Errc::input_missing);
  }
}

TEST(ArgumentReader, YieldsValuesWithoutKnowingTheirTypes) {
  Call call;
  const Value mesh = Value::of(Mesh{1});
  call.input(mesh).node(ArgKind::list, 2).input(mesh).constant(2);
  call.gather({mesh}).node(ArgKind::some).constant(3).node(ArgKind::none);
  ArgumentReader reader{call.nodes, call.constants, call.inputs};

  EXPECT_EQ(reader.next_value().object<Mesh>(), mesh.object<Mesh>());
  EXPECT_EQ(reader.next_value().list_item(0).value().object<Mesh>(), mesh.object<Mesh>());
  EXPECT_EQ(reader.next_value().list_size().value(), 1u);
  EXPECT_TRUE(reader.next_value() == Value::of(3));
  EXPECT_TRUE(reader.next_value() == Value::nothing());
  EXPECT_TRUE(reader.done());
  EXPECT_THROW(reader.next_value(), Exception);
}

TEST(Inputs, AddUpTheirSizes) {
  Inputs inputs;
  inputs.add(Value::encoded(Blob(10, 'x')));
  inputs.add_gathered({Value::encoded(Blob(5, 'x')), Value::encoded(Blob(1, 'x'))});
  inputs.add(Value{});
  EXPECT_EQ(inputs.size(), Bytes{16});
  EXPECT_EQ(inputs.gathered(1).size(), 2u);
  EXPECT_TRUE(inputs.at(2).missing());
}

}  // namespace
}  // namespace weft
