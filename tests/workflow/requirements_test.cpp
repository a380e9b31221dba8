#include "weft/workflow/requirements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weft/workflow/workflow.hpp"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Function step{"step@1", [](int x) { return x; }};

std::vector<std::string> messages(const std::vector<Error>& errors) {
  std::vector<std::string> all;
  for (const Error& error : errors) all.push_back(error.message);
  return all;
}

Workflow with(Requirements requirements) {
  Workflow workflow{"needy"};
  workflow.task(step, 1);
  workflow.requirements() = std::move(requirements);
  return workflow;
}

TEST(Requirements, GoWithTheWorkflowIntoTheGraph) {
  const Requirements needed{.modules = {"blur@2"}, .files = {"model.bin"}, .folder = "/data"};
  const auto graph = with(needed).freeze(Registry{}.add(step));
  ASSERT_TRUE(graph.has_value());
  EXPECT_EQ((*graph)->requirements(), needed);
}

TEST(Requirements, AreNoneUnlessTheWorkflowNamesSome) {
  EXPECT_TRUE(with({}).freeze(Registry{}.add(step)).value()->requirements().empty());
}

TEST(Requirements, ThatNameNothingAreProblemsOfTheWorkflow) {
  const auto graph = with({.modules = {"blur@"}, .files = {""}}).freeze(Registry{}.add(step));
  ASSERT_FALSE(graph.has_value());
  EXPECT_EQ(graph.error().code, Errc::invalid_workflow);
  EXPECT_THAT(messages(graph.error().causes),
              ElementsAre("'blur@' is not the name of a module",
                          "'' cannot be the file that a workflow needs"));
}

TEST(Requirements, EveryMalformedOneIsNamed) {
  const std::string endless(max_path_size + 1, 'x');
  EXPECT_THAT(messages(requirement_problems({.modules = {"two words"},
                                             .functions = {"f@0"},
                                             .files = {std::string("a\0b", 3)},
                                             .programs = {endless}})),
              ElementsAre("'two words' is not the name of a module", "'f@0' is not a function name",
                          "'a\\x00b' cannot be the file that a workflow needs",
                          HasSubstr("cannot be the program that a workflow needs")));
}

TEST(Requirements, AreLimitedInNumber) {
  Requirements many;
  many.programs.assign(max_requirements, "sh");
  EXPECT_THAT(requirement_problems(many), IsEmpty());
  many.programs.push_back("sh");
  EXPECT_THAT(messages(requirement_problems(many)),
              ElementsAre("the workflow needs 1001 programs; at most 1000 are allowed"));
}

TEST(Requirements, OfAModuleMayLeaveTheVersionOpen) {
  EXPECT_EQ(parse_module_requirement("blur").value().version, std::nullopt);
  EXPECT_EQ(parse_module_requirement("blur@1").value().version, 1u);
}

}  // namespace
}  // namespace weft
