#include "weft/runtime/requirement_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/registry_of.hpp"
#include "weft/runtime/engine.hpp"
#include "weft/runtime/harness.hpp"

namespace weft::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Function halve{"halve@2", [](int x) { return x / 2; }};

/// A registry that was given the module `blur@2`, without a file of its own.
Registry with_blur() {
  Registry registry;
  Registry functions = registry_of(Function{"blur.image@1", [](int x) { return x; }});
  registry
    .add_module({.name = {.name = "blur", .version = 2}, .file = "/opt/libblur.so"}, functions)
    .value();
  return registry;
}

class RequirementCheck : public testing::Test {
protected:
  RequirementCheck()
    : folder_(fs::temp_directory_path() / ("weft-requirements-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_ / "bin");
    std::ofstream{folder_ / "model.bin"} << "weights";
    std::ofstream{folder_ / "bin" / "convert"} << "#!/bin/sh\n";
    fs::permissions(folder_ / "bin" / "convert", fs::perms::owner_all);
    std::ofstream{folder_ / "bin" / "notes"} << "no program";
    ::setenv("PATH", ("/nowhere:" + (folder_ / "bin").string()).c_str(), 1);
  }
  ~RequirementCheck() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string folder() const { return folder_.string(); }

  /// What is missing, each as text.
  static std::vector<std::string> missing(const Requirements& requirements,
                                          const Registry& registry = {}) {
    const auto met = check_requirements(requirements, registry);
    if (met) return {};
    EXPECT_EQ(met.error().code, Errc::plan_infeasible);
    std::vector<std::string> texts;
    for (const Error& cause : met.error().causes) texts.push_back(to_string(cause));
    return texts;
  }

private:
  fs::path folder_;
};

TEST_F(RequirementCheck, IsContentWhenEverythingIsThere) {
  Registry registry = with_blur();
  registry.add(halve);
  EXPECT_THAT(missing({}), IsEmpty());
  EXPECT_THAT(missing({.modules = {"blur", "blur@2"},
                       .functions = {"halve@2", "blur.image@1", "weft.collect@1"},
                       .files = {"model.bin", "bin", folder() + "/model.bin"},
                       .programs = {"convert", "bin/convert", "/bin/sh"},
                       .folder = folder()},
                      registry),
              IsEmpty());
}

TEST_F(RequirementCheck, NamesEveryMissingThing) {
  const Requirements requirements{.modules = {"sharpen"},
                                  .functions = {"halve@1"},
                                  .files = {"data.csv"},
                                  .programs = {"montage"},
                                  .folder = folder()};
  EXPECT_THAT(missing(requirements, registry_of(halve)),
              ElementsAre(HasSubstr("module 'sharpen' is not loaded"),
                          HasSubstr("function 'halve@1' is not registered"),
                          HasSubstr("file 'data.csv' is not there"),
                          HasSubstr("program 'montage' is not on PATH")));
  EXPECT_EQ(check_requirements(requirements, {}).error().message,
            "4 things that the workflow needs are missing");
}

TEST_F(RequirementCheck, SaysWhichModulesThereAreInsteadAndHowToLoadOne) {
  EXPECT_THAT(missing({.modules = {"blur@3"}}, with_blur()),
              ElementsAre(AllOf(HasSubstr("module 'blur@3' is not loaded (loaded: blur@2)"),
                                HasSubstr("hint: weft run --module libblur.so"))));
}

TEST_F(RequirementCheck, SaysWhereItLookedForAFile) {
  EXPECT_THAT(missing({.files = {"sub/../data.csv"}, .folder = folder()}),
              ElementsAre(HasSubstr("(looked for " + folder() + "/data.csv)")));
}

TEST_F(RequirementCheck, LooksInTheCurrentFolderWhenTheWorkflowCameWithNone) {
  const fs::path before = fs::current_path();
  fs::current_path(folder());
  EXPECT_THAT(missing({.files = {"model.bin"}}), IsEmpty());
  fs::current_path(before);
  EXPECT_THAT(missing({.files = {"model.bin"}}),
              ElementsAre(HasSubstr("looked for " + (before / "model.bin").string())));
}

TEST_F(RequirementCheck, AFileThatIsNotExecutableIsNoProgram) {
  EXPECT_THAT(
    missing({.programs = {"notes", "bin/notes", "bin"}, .folder = folder()}),
    ElementsAre(HasSubstr("'notes' is not on PATH"), HasSubstr("'bin/notes' cannot be run"),
                HasSubstr("'bin' is not on PATH")));
}

TEST_F(RequirementCheck, RefusesMoreThanItWouldLookFor) {
  Requirements requirements;
  requirements.files.assign(max_requirements + 1, "gone");
  EXPECT_THAT(missing(requirements), ElementsAre(HasSubstr("the workflow needs 1001 files")));
}

// -- in an engine ---------------------------------------------------------------------------------

/// A workflow that notes when its one task is called.
Workflow needing(const Function<std::function<int(int)>>& function, Requirements requirements) {
  Workflow workflow{"needy"};
  workflow.task(function, 1);
  workflow.requirements() = std::move(requirements);
  return workflow;
}

TEST_F(RequirementCheck, NothingStartsWhileSomethingIsMissing) {
  bool called = false;
  const Function note{"note@1", std::function<int(int)>([&called](int x) {
                        called = true;
                        return x;
                      })};
  const auto refusal = [](auto& host, auto&& submitted) -> std::string {
    try {
      submitted(host);
    } catch (const Exception& refused) {
      return refused.what();
    }
    return "it was submitted";
  };
  const auto whole = [&](auto& host) { host.submit(needing(note, {.files = {"/gone"}})); };
  const auto frozen = [&](auto& host) {
    auto graph = needing(note, {.modules = {"blur"}}).freeze(registry_of(note)).value();
    static_cast<void>(host.submit_graph(std::move(graph), {}));
  };
  EngineOptions options;
  options.recorder.history = "";
  Engine engine{registry_of(note), options};
  EXPECT_THAT(refusal(engine, whole), HasSubstr("file '/gone' is not there"));
  EXPECT_THAT(refusal(engine, frozen), HasSubstr("module 'blur' is not loaded (no module is)"));
  Harness harness{registry_of(note), {.engine = options}};
  EXPECT_THAT(refusal(harness, whole), HasSubstr("file '/gone' is not there"));
  EXPECT_THAT(refusal(harness, frozen), HasSubstr("module 'blur' is not loaded"));
  EXPECT_FALSE(called);

  harness.submit(needing(note, {.files = {"model.bin"}, .folder = folder()})).get();
  EXPECT_TRUE(called);
}

TEST_F(RequirementCheck, AMissingModuleIsNamedBeforeTheFunctionsThatItWouldBring) {
  Workflow workflow{"needy"};
  workflow.add({.name = "blur",
                .function = parse_function_name("blur.image@1").value(),
                .arguments = {{Value::of(1)}}});
  workflow.requirements().modules = {"blur@2"};
  Harness harness{{}};
  try {
    harness.submit(workflow);
    FAIL() << "it was submitted";
  } catch (const Exception& refused) {
    EXPECT_THAT(refused.what(), HasSubstr("module 'blur@2' is not loaded"));
  }
  Harness equipped{with_blur()};
  equipped.submit(workflow).get();
}

}  // namespace
}  // namespace weft::test
