#include <unistd.h>

#include "runtime/module_fixture.hpp"
#include "runtime/registry_of.hpp"

namespace weft::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Function own_pack{"workshop.pack@1", [](int x) { return x; }};

/// A folder of the test's own, gone with it.
class ModuleLoading : public testing::Test {
protected:
  ModuleLoading()
    : folder_(fs::temp_directory_path() / ("weft-modules-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~ModuleLoading() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }

  fs::path write(const std::string& name, const std::string& content) {
    std::ofstream{path(name), std::ios::binary} << content;
    return path(name);
  }

  /// What is said of a file that is refused. The registry stays as it was.
  std::string refusal(const fs::path& file) {
    Registry registry = registry_of(own_pack);
    const auto names = registry.names();
    const auto loaded = load_module(registry, file);
    EXPECT_EQ(registry.names(), names);
    EXPECT_THAT(registry.modules(), IsEmpty());
    if (loaded) return "it was loaded";
    EXPECT_EQ(loaded.error().code, Errc::invalid_argument);
    EXPECT_FALSE(loaded.error().hint.empty()) << to_string(loaded.error());
    EXPECT_THAT(loaded.error().message, HasSubstr(file.filename().string()));
    return to_string(loaded.error());
  }

private:
  fs::path folder_;
};

std::string content_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> texts(const std::vector<FunctionName>& names) {
  std::vector<std::string> all;
  for (const FunctionName& name : names) all.push_back(to_string(name));
  return all;
}

// -- what is taken --------------------------------------------------------------------------------

TEST_F(ModuleLoading, AddsTheFunctionsOfTheModule) {
  Registry registry;
  const auto facts = load_module(registry, module_file("workshop"));
  ASSERT_TRUE(facts.has_value()) << to_string(facts.error());
  EXPECT_EQ(to_string(facts->name), "workshop@1");
  EXPECT_EQ(facts->build_id, build_id());
  EXPECT_EQ(facts->file, fs::canonical(module_file("workshop")));
  EXPECT_THAT(texts(facts->functions),
              ElementsAre("workshop.confiscate@1", "workshop.drop@1", "workshop.oversleep@2",
                          "workshop.pack@1", "workshop.refuse@1", "workshop.seal@1",
                          "workshop.wait_for_end@1", "workshop.weigh@1"));
  for (const FunctionName& name : facts->functions) EXPECT_TRUE(registry.find(name).has_value());
  EXPECT_EQ(registry.find(function_named("workshop.oversleep@2")).value()->options().purity,
            Purity::pure);
}

TEST_F(ModuleLoading, TheRegistryKnowsWhichFunctionCameWithWhichModule) {
  Registry registry = registry_of(Function{"own@1", [](int x) { return x; }});
  load_module(registry, module_file("workshop")).value();
  ASSERT_EQ(registry.modules().size(), 1u);
  EXPECT_EQ(registry.module_of(function_named("workshop.seal@1")), &registry.modules().front());
  EXPECT_EQ(registry.module_of(function_named("own@1")), nullptr);
  EXPECT_EQ(registry.module_of(function_named(collect_function)), nullptr);
}

TEST_F(ModuleLoading, OfOneModuleAgainChangesNothing) {
  Registry registry = with_module("workshop");
  fs::create_symlink(module_file("workshop"), path("link.so"));
  const auto names = registry.names();
  for (const fs::path& file : {module_file("workshop"), path("link.so")}) {
    const auto again = load_module(registry, file);
    ASSERT_TRUE(again.has_value()) << to_string(again.error());
    EXPECT_EQ(again->functions.size(), 8u);
  }
  EXPECT_EQ(registry.names(), names);
  EXPECT_EQ(registry.modules().size(), 1u);
}

TEST_F(ModuleLoading, WorksForAnyNumberOfRegistries) {
  const Registry first = with_module("workshop");
  const Registry second = with_module("workshop");
  EXPECT_EQ(first.names(), second.names());
  EXPECT_EQ(second.modules().size(), 1u);
}

// -- what is refused ------------------------------------------------------------------------------

TEST_F(ModuleLoading, RefusesAFileThatIsNotThere) {
  EXPECT_THAT(refusal(path("gone.so")), HasSubstr("No such file or directory"));
}

TEST_F(ModuleLoading, RefusesWhatIsNoRegularFile) {
  EXPECT_THAT(refusal(path(".").parent_path()), HasSubstr("is no regular file"));
}

TEST_F(ModuleLoading, RefusesTextAndWhatIsTooShortForALibrary) {
  EXPECT_THAT(refusal(write("text.so", "int main() { return 0; }\n")), HasSubstr("is not an ELF"));
  EXPECT_THAT(refusal(write("empty.so", "")), HasSubstr("is not an ELF file"));
  EXPECT_THAT(refusal(write("short.so",
                            "\x7f"
                            "ELF")),
              HasSubstr("is not an ELF file"));
}

TEST_F(ModuleLoading, RefusesALibraryThatIsCutShort) {
  const std::string whole = content_of(module_file("workshop"));
  for (const std::size_t size : {std::size_t{40}, std::size_t{64}, whole.size() / 2}) {
    EXPECT_THAT(refusal(write("cut.so", whole.substr(0, size))), HasSubstr("it has no build id"));
  }
}

TEST_F(ModuleLoading, ReadsNothingOutsideOfAFileWhoseHeadLies) {
  const std::string whole = content_of(module_file("workshop"));
  // Where ELF of 64 bits says where its sections are, how large and how many, and which has names.
  for (const std::size_t byte : {40, 41, 42, 43, 44, 45, 46, 47, 58, 59, 60, 61, 62, 63}) {
    for (const char lie : {'\x00', '\x7f', '\xff'}) {
      std::string lying = whole;
      if (lying[byte] == lie) continue;
      lying[byte] = lie;
      // Each a file of its own: one that was loaded stays mapped.
      const std::string file = "lie" + std::to_string(byte) + std::to_string(+lie) + ".so";
      const std::string said = refusal(write(file, lying));
      // Whoever lies about what is not needed to find a section is not found out.
      EXPECT_THAT(said,
                  testing::AnyOf(HasSubstr("it has no build id"), HasSubstr("its names are taken"),
                                 HasSubstr("was built against")));
    }
  }
}

TEST_F(ModuleLoading, RefusesALibraryOfAnotherMachine) {
  std::string foreign = content_of(module_file("workshop"));
  foreign[18] = static_cast<char>(foreign[18] + 1);  // Where ELF names the processor.
  EXPECT_THAT(refusal(write("foreign.so", foreign)), HasSubstr("another kind of machine"));
}

TEST_F(ModuleLoading, RefusesAProgram) {
  EXPECT_THAT(refusal("/bin/true"), HasSubstr("it has no build id"));
}

TEST_F(ModuleLoading, RefusesALibraryWithoutTheEntryPoint) {
  EXPECT_THAT(refusal(module_file("plain_library")), HasSubstr("but no module"));
  EXPECT_THAT(refusal(module_file("no_entry")), HasSubstr("it has no weft_module()"));
  EXPECT_THAT(refusal(module_file("entryless")), HasSubstr("returns nothing"));
}

TEST_F(ModuleLoading, RefusesALibraryThatMissesASymbolAndNamesIt) {
  EXPECT_THAT(refusal(module_file("unlinked")),
              AllOf(HasSubstr("cannot be loaded"), HasSubstr("given_by_nobody")));
}

TEST_F(ModuleLoading, RefusesAnotherInterface) {
  EXPECT_THAT(refusal(module_file("other_interface")),
              AllOf(HasSubstr("has version 2 of the module interface"),
                    HasSubstr("takes version 1"), HasSubstr("build it again")));
}

TEST_F(ModuleLoading, RefusesAnotherBuildBeforeAnyOfItsCodeRuns) {
  EXPECT_THAT(refusal(module_file("other_build")),
              AllOf(HasSubstr("was built against weft '0.0.9-0123456789abcdef-gcc12'"),
                    HasSubstr("this is weft '" + std::string(build_id()) + "'"),
                    HasSubstr("CMAKE_PREFIX_PATH")));
}

TEST_F(ModuleLoading, RefusesAModuleOneOfWhoseFilesIsOfAnotherBuild) {
  EXPECT_THAT(refusal(module_file("mixed_builds")),
              HasSubstr("was built against weft '0.1.0-0123456789abcdef-gcc12-debug'"));
}

TEST_F(ModuleLoading, RefusesANameThatIsNone) {
  EXPECT_THAT(refusal(module_file("nameless")), HasSubstr("'no name' is not the name of a module"));
}

TEST_F(ModuleLoading, RefusesAModuleThatCannotAddItsFunctions) {
  EXPECT_THAT(refusal(module_file("throwing")), HasSubstr("no licence for this machine"));
  EXPECT_THAT(refusal(module_file("failing")),
              AllOf(HasSubstr("there is no accelerator"), HasSubstr("plug one in")));
  EXPECT_THAT(refusal(module_file("misspelling")), HasSubstr("'mis spelling@1' is not a function"));
  EXPECT_THAT(refusal(module_file("idle")), HasSubstr("names no add_functions"));
}

TEST_F(ModuleLoading, RefusesAFunctionThatTheProgramHas) {
  EXPECT_THAT(refusal(module_file("workshop")),
              HasSubstr("function 'workshop.pack@1' is there already: the program added it"));
}

TEST_F(ModuleLoading, NamesEveryClashWithAnotherModule) {
  Registry registry = with_module("workshop");
  const auto names = registry.names();
  const auto loaded = load_module(registry, module_file("rival"));
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().message, HasSubstr("module 'rival@3'"));
  ASSERT_EQ(loaded.error().causes.size(), 2u);
  EXPECT_EQ(loaded.error().causes[0].message,
            "function 'workshop.pack@1' is there already: it came with module 'workshop@1'");
  EXPECT_EQ(registry.names(), names);
  EXPECT_EQ(registry.modules().size(), 1u);
}

TEST_F(ModuleLoading, RefusesAnotherFileOfTheSameModule) {
  Registry registry = with_module("workshop");
  fs::copy_file(module_file("workshop"), path("copy.so"));
  const auto loaded = load_module(registry, path("copy.so"));
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().causes.front().message,
              HasSubstr("module 'workshop@1' is loaded already"));
}

}  // namespace
}  // namespace weft::test
