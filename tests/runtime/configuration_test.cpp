#include "weft/runtime/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

SettingValue from_flag(std::string text) {
  return {.text = std::move(text), .source = SettingSource::flag, .where = "--x"};
}

std::string error_text(const Result<void>& result) {
  return result ? "no error" : to_string(result.error());
}

TEST(Configuration, HoldsAValidDefaultForEverySetting) {
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(check_setting(setting, setting.fallback)) << setting.key;
    EXPECT_FALSE(setting.meaning.empty()) << setting.key;
  }
}

TEST(Configuration, DefaultsToTheOptionsOfAnEngineThatNobodyConfigured) {
  const EngineOptions ours = engine_options(Configuration{});
  const EngineOptions plain;
  EXPECT_EQ(ours.pool.slots, plain.pool.slots);
  EXPECT_EQ(ours.pool.slot_class, plain.pool.slot_class);
  EXPECT_EQ(ours.pool.cold_start, plain.pool.cold_start);
  EXPECT_EQ(ours.pool.keep_alive, plain.pool.keep_alive);
  EXPECT_EQ(ours.planner, plain.planner);
  EXPECT_EQ(ours.workers, plain.workers);
  EXPECT_EQ(ours.recorder.strategy, plain.recorder.strategy);
  EXPECT_EQ(ours.recorder.count, plain.recorder.count);
  EXPECT_EQ(ours.recorder.period, plain.recorder.period);
  EXPECT_EQ(ours.recorder.history, plain.recorder.history);
  EXPECT_EQ(ours.recorder.max_runs, plain.recorder.max_runs);
  EXPECT_EQ(ours.recorder.max_tasks, plain.recorder.max_tasks);
}

TEST(Configuration, FlagsWinOverVariablesOverFilesWhateverTheOrderTheyComeIn) {
  Configuration configuration;
  ASSERT_TRUE(configuration.set("pool.slots", from_flag("6")));
  ASSERT_TRUE(configuration.read_toml("[pool]\nslots = 2", SettingSource::system_file, "/s"));
  ASSERT_TRUE(configuration.read_environment({{"WEFT_POOL_SLOTS", "5"}}));
  ASSERT_TRUE(configuration.read_toml("[pool]\nslots = 4", SettingSource::project_file, "p"));
  ASSERT_TRUE(configuration.read_toml("\n[pool]\nslots = 3", SettingSource::user_file, "/u"));
  EXPECT_EQ(configuration.count("pool.slots"), 6u);
  EXPECT_THAT(configuration.values("pool.slots"),
              ElementsAre(SettingValue{"6", SettingSource::flag, "--x"},
                          SettingValue{"5", SettingSource::environment, "WEFT_POOL_SLOTS"},
                          SettingValue{"4", SettingSource::project_file, "p:2"},
                          SettingValue{"3", SettingSource::user_file, "/u:3"},
                          SettingValue{"2", SettingSource::system_file, "/s:2"},
                          SettingValue{"0", SettingSource::fallback, "default"}));
}

TEST(Configuration, ALaterValueOfOneSourceReplacesTheEarlier) {
  Configuration configuration;
  ASSERT_TRUE(configuration.set("pool.slots", from_flag("6")));
  ASSERT_TRUE(configuration.set("pool.slots", from_flag("7")));
  EXPECT_EQ(configuration.values("pool.slots").size(), 2u);
  EXPECT_EQ(configuration.count("pool.slots"), 7u);
}

TEST(Configuration, ReadsEachTypeFromToml) {
  Configuration configuration;
  ASSERT_TRUE(configuration.read_toml(R"(
[pool]
slots = 8
cpus = 0.5
memory = "1GiB"
cold_start = "50ms"
[run]
timeout = "1.5h"
fail_fast = false
[replay]
time_scale = 2
work = "burn"
)",
                                      SettingSource::project_file, "weft.toml"));
  EXPECT_EQ(configuration.count("pool.slots"), 8u);
  EXPECT_EQ(configuration.number("pool.cpus"), 0.5);
  EXPECT_EQ(configuration.bytes("pool.memory"), Bytes{1u << 30});
  EXPECT_EQ(configuration.duration("pool.cold_start"), std::chrono::milliseconds{50});
  EXPECT_EQ(configuration.optional_duration("run.timeout"), std::chrono::minutes{90});
  EXPECT_FALSE(configuration.flag("run.fail_fast"));
  EXPECT_EQ(configuration.number("replay.time_scale"), 2.0);
  EXPECT_EQ(configuration.text("replay.work"), "burn");
}

TEST(Configuration, ATimeoutOfNoneIsNoTimeout) {
  EXPECT_EQ(Configuration{}.optional_duration("run.timeout"), std::nullopt);
}

TEST(Configuration, RefusesATimeoutOfNoTime) {
  Configuration configuration;
  EXPECT_THAT(error_text(configuration.set("run.timeout", from_flag("0ms"))),
              HasSubstr("--x: '0ms' is not above 0"));
  EXPECT_TRUE(configuration.set("pool.cold_start", from_flag("0ms")));
}

TEST(Configuration, NamesEveryProblemOfAFileWithItsLineAndKeepsNothingOfIt) {
  Configuration configuration;
  const auto result = configuration.read_toml(
    "[pool]\nslots = -1\ncold_start = 50\ncpus = 2\n[plan]\nplaner = \"simple\"\n",
    SettingSource::project_file, "weft.toml");
  const std::string text = error_text(result);
  EXPECT_EQ(result.error().code, Errc::invalid_config);
  EXPECT_THAT(text, HasSubstr("weft.toml:2: pool.slots: '-1' is not a whole number"));
  EXPECT_THAT(text, HasSubstr("weft.toml:3: pool.cold_start: '50' is not a duration"));
  EXPECT_THAT(text, HasSubstr("durations need a unit"));
  EXPECT_THAT(text, HasSubstr("weft.toml:6: 'plan.planer' is not a setting"));
  EXPECT_THAT(text, HasSubstr("did you mean plan.planner?"));
  EXPECT_EQ(configuration.number("pool.cpus"), 1.0);
}

TEST(Configuration, NamesAMisspeltSection) {
  Configuration configuration;
  EXPECT_THAT(
    error_text(configuration.read_toml("[pol]\nslots = 1", SettingSource::user_file, "c")),
    HasSubstr("did you mean pool.slots?"));
}

TEST(Configuration, RefusesValuesOutsideOfSectionsAndValuesOfOtherKinds) {
  Configuration configuration;
  const std::string text = error_text(configuration.read_toml("slots = 1\n[pool]\nslots = [1, 2]\n",
                                                              SettingSource::user_file, "c.toml"));
  EXPECT_THAT(text, HasSubstr("c.toml:1: 'slots' stands outside of a section"));
  EXPECT_THAT(text, HasSubstr("c.toml:3: pool.slots: neither a text, a number"));
}

TEST(Configuration, NamesTheLineWhereTheTomlEnds) {
  Configuration configuration;
  EXPECT_THAT(
    error_text(configuration.read_toml("[pool]\nslots = \n", SettingSource::user_file, "c")),
    StartsWith("c:2: "));
}

TEST(Configuration, RefusesAFileThatIsNoConfigurationByItsSize) {
  Configuration configuration;
  EXPECT_THAT(
    error_text(configuration.read_toml(std::string(2u << 20, '#'), SettingSource::user_file, "c")),
    HasSubstr("larger than 1 MiB"));
}

TEST(Configuration, NamesAMisspeltVariableOfAKnownSection) {
  Configuration configuration;
  const std::string text =
    error_text(configuration.read_environment({{"WEFT_POOL_SLOT", "1"}, {"HOME", "/"}}));
  EXPECT_THAT(text, HasSubstr("WEFT_POOL_SLOT: 'pool.slot' is not a setting"));
  EXPECT_THAT(text, HasSubstr("did you mean pool.slots?"));
}

TEST(Configuration, LeavesVariablesOfOtherSectionsAlone) {
  Configuration configuration;
  EXPECT_TRUE(
    configuration.read_environment({{"WEFT_CACHE_DIR", "/x"}, {"WEFT_", ""}, {"WEFT", ""}}));
}

TEST(Configuration, LeavesThePasswordToTheStore) {
  Configuration configuration;
  EXPECT_TRUE(configuration.read_environment({{"WEFT_STORE_PASSWORD", "secret"}}));
  EXPECT_THAT(error_text(configuration.read_environment({{"WEFT_STORE_PASSWORT", "secret"}})),
              HasSubstr("'store.passwort' is not a setting"));
}

TEST(Configuration, NamesTheVariableThatIsMalformed) {
  Configuration configuration;
  EXPECT_THAT(error_text(configuration.read_environment({{"WEFT_RUN_TIMEOUT", "30"}})),
              HasSubstr("WEFT_RUN_TIMEOUT: '30' is not a duration"));
}

TEST(Configuration, ProposesPlannersForAMisspeltOne) {
  Configuration configuration;
  const std::string text = error_text(configuration.set("plan.planner", from_flag("simpel")));
  EXPECT_THAT(text, HasSubstr("--x: 'simpel' is not one of the choices"));
  EXPECT_THAT(text, HasSubstr("did you mean simple?"));
}

TEST(Configuration, RefusesNumbersThatAreNoFactors) {
  Configuration configuration;
  for (const char* text : {"-1", "nan", "inf", "1e999", "", "1x", "0x1"}) {
    EXPECT_FALSE(configuration.set("replay.time_scale", from_flag(text))) << text;
  }
}

TEST(Configuration, SpellsTheVariableOfAKey) {
  EXPECT_EQ(environment_variable("pool.cold_start"), "WEFT_POOL_COLD_START");
  for (const Setting& setting : settings()) {
    EXPECT_EQ(key_of_variable(environment_variable(setting.key)), setting.key);
  }
}

TEST(Configuration, RoundsMemoryUpToWholeMebibytes) {
  Configuration configuration;
  ASSERT_TRUE(configuration.set("pool.memory", from_flag("1B")));
  EXPECT_EQ(engine_options(configuration).pool.slot_class.memory, MemoryMiB{1});
}

}  // namespace
}  // namespace weft
