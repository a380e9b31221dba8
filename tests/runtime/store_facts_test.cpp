// What a store must be for what is asked of it.

#include "weft/runtime/store_facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::test {

using testing::HasSubstr;

class CheckedDurability : public testing::Test {
protected:
  /// A Redis as it is without a configuration.
  static StoreFacts forgetful() {
    StoreFacts facts;
    facts.append_only = false;
    facts.fsync = "everysec";  // As it says, though there is no file.
    facts.replicas = 0;
    return facts;
  }
  static StoreFacts keeping(const std::string& fsync) {
    StoreFacts facts = forgetful();
    facts.append_only = true;
    facts.fsync = fsync;
    return facts;
  }
  static Result<void> check(DurabilityLevel level, const StoreFacts& facts,
                            std::uint32_t replicas = 0) {
    StoreOptions options;
    options.durability = level;
    options.replicas = replicas;
    return check_durability(options, facts);
  }
};

TEST_F(CheckedDurability, OfMemoryIsWhatEveryStoreGives) {
  EXPECT_TRUE(check(DurabilityLevel::memory, forgetful()));
  EXPECT_TRUE(check(DurabilityLevel::memory, {}));
}

TEST_F(CheckedDurability, OfDurableLevelsIsRefusedWithoutAnAppendOnlyFile) {
  for (const auto level : {DurabilityLevel::everysec, DurabilityLevel::always}) {
    const auto refused = check(level, forgetful());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid_config);
    EXPECT_THAT(refused.error().message, HasSubstr(std::string(to_string(level))));
    EXPECT_THAT(refused.error().message, HasSubstr("appendonly no"));
    EXPECT_THAT(refused.error().hint, HasSubstr("set appendonly yes"));
  }
}

TEST_F(CheckedDurability, OfASecondNeedsAFileThatIsSynced) {
  EXPECT_TRUE(check(DurabilityLevel::everysec, keeping("everysec")));
  EXPECT_TRUE(check(DurabilityLevel::everysec, keeping("always")));
  EXPECT_FALSE(check(DurabilityLevel::everysec, keeping("no")));
}

TEST_F(CheckedDurability, OfEveryCommitNeedsAFileThatIsAlwaysSynced) {
  EXPECT_TRUE(check(DurabilityLevel::always, keeping("always")));
  EXPECT_FALSE(check(DurabilityLevel::always, keeping("everysec")));
  EXPECT_FALSE(check(DurabilityLevel::always, keeping("no")));
}

TEST_F(CheckedDurability, OfReplicasNeedsSoManyAndAtLeastOne) {
  StoreFacts facts = keeping("always");
  EXPECT_FALSE(check(DurabilityLevel::replicated, facts));
  facts.replicas = 1;
  EXPECT_TRUE(check(DurabilityLevel::replicated, facts));
  EXPECT_TRUE(check(DurabilityLevel::replicated, facts, 1));
  EXPECT_FALSE(check(DurabilityLevel::replicated, facts, 2));
  facts.replicas.reset();
  EXPECT_FALSE(check(DurabilityLevel::replicated, facts)) << "nobody says that there is one";
}

TEST_F(CheckedDurability, OfDurableLevelsIsRefusedWhereKeysAreEvicted) {
  StoreFacts facts = keeping("always");
  facts.replicas = 1;
  facts.eviction = "allkeys-lru";
  for (const auto level :
       {DurabilityLevel::everysec, DurabilityLevel::always, DurabilityLevel::replicated}) {
    const auto refused = check(level, facts);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("allkeys-lru"));
    EXPECT_THAT(refused.error().hint, HasSubstr("noeviction"));
  }
  EXPECT_TRUE(check(DurabilityLevel::memory, facts));
  facts.eviction = "noeviction";
  EXPECT_TRUE(check(DurabilityLevel::everysec, facts));
}

/// Hosted stores do not tell how they are configured.
TEST_F(CheckedDurability, OfAStoreThatDoesNotTellIsBelieved) {
  EXPECT_TRUE(check(DurabilityLevel::everysec, {}));
  EXPECT_TRUE(check(DurabilityLevel::always, {}));
}

TEST_F(CheckedDurability, IsSaidInAFewWords) {
  EXPECT_EQ(durability_text(forgetful()), "appendonly no, 0 replicas");
  EXPECT_EQ(durability_text(keeping("always")), "appendonly yes, appendfsync always, 0 replicas");
  EXPECT_EQ(durability_text({}), "appendonly unknown, 0 replicas");
}

}  // namespace weft::test
