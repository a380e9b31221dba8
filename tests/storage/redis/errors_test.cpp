#include "weft/storage/redis/errors.hpp"

#include <gmock/gmock.h>

#include <string>

#include "weft/storage/redis/backoff.hpp"
#include "weft/storage/redis/handshake.hpp"

namespace weft::redis {
namespace {

using testing::HasSubstr;
using testing::Not;

Reply text(std::string bytes) {
  return {Reply::Kind::text, std::move(bytes)};
}
Reply error(std::string words) {
  return {Reply::Kind::error, std::move(words)};
}
Reply ok() {
  return {Reply::Kind::status, "OK"};
}

TEST(RedisErrors, WhatPassesIsSentAgain) {
  for (const char* words :
       {"LOADING Redis is loading the dataset in memory", "BUSY Redis is busy running a script.",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "CLUSTERDOWN The cluster is down", "MASTERDOWN Link with MASTER is down",
        "MISCONF Redis is configured to save RDB snapshots",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "NOREPLICAS Not enough good replicas to write."}) {
    EXPECT_EQ(remedy_of(words), Remedy::resend) << words;
    EXPECT_NE(hint_of(words), "") << words;
  }
}

TEST(RedisErrors, OthersAreNot) {
  EXPECT_EQ(remedy_of("READONLY You can't write against a read only replica."), Remedy::reconnect);
  EXPECT_EQ(remedy_of("NOSCRIPT No matching script. Please use EVAL."), Remedy::load_script);
  for (const char* words : {"ERR unknown command", "WRONGTYPE Operation against a key", "", "OOMX",
                            "BUSYGROUP Consumer Group name already exists", "NOAUTH", "NOPERM"}) {
    EXPECT_EQ(remedy_of(words), Remedy::none) << words;
  }
}

TEST(RedisErrors, WhatACommandInAScriptWasRefusedWithCountsInOlderVersionsToo) {
  EXPECT_EQ(remedy_of("ERR Error running script (call to f_89): @user_script:1: @user_script: 1: "
                      "-OOM command not allowed when used memory > 'maxmemory'."),
            Remedy::resend);
  EXPECT_EQ(remedy_of("ERR Error running script (call to f_89): @user_script:1: bad argument"),
            Remedy::none);
}

TEST(RedisErrors, RefusalsSayWhoRefusedWhatAndWhatToDo) {
  const auto denied = refused({}, "GET", "NOPERM this user has no permissions to run 'get'");
  EXPECT_EQ(denied.code, Errc::store_unavailable);
  EXPECT_THAT(to_string(denied), HasSubstr("redis://127.0.0.1:6379 refused GET: NOPERM"));
  EXPECT_THAT(to_string(denied), HasSubstr("hint: give this user the right"));

  const auto wrong = refused({}, "GET", "WRONGTYPE of\x1b[31m key\n" + std::string(5000, 'x'));
  EXPECT_EQ(wrong.code, Errc::internal);
  EXPECT_THAT(wrong.message, Not(HasSubstr("\x1b")));
  EXPECT_LT(wrong.message.size(), 1200U);
}

TEST(RedisBackoff, DoublesFromTheLeastToTheMost) {
  const ClientOptions options;
  EXPECT_EQ(backoff(options, 1, 0), std::chrono::milliseconds{20});
  EXPECT_EQ(backoff(options, 2, 0), std::chrono::milliseconds{40});
  EXPECT_EQ(backoff(options, 7, 0), std::chrono::milliseconds{1280});
  EXPECT_EQ(backoff(options, 8, 0), std::chrono::seconds{2});
  EXPECT_EQ(backoff(options, 4'000'000'000, 0), std::chrono::seconds{2});
  EXPECT_EQ(backoff(options, 1, 1), std::chrono::milliseconds{10});
}

TEST(RedisHandshake, SaysWhoWeAreBeforeAnythingElse) {
  const Handshake plain{{}, "weft"};
  ASSERT_EQ(plain.commands().size(), 3U);
  EXPECT_EQ(plain.commands()[0].name(), "CLIENT");

  const Handshake full{{.user = "weft", .password = "secret", .database = 2}, "weft"};
  ASSERT_EQ(full.commands().size(), 5U);
  EXPECT_EQ(full.commands()[0].name(), "AUTH");
  EXPECT_EQ(full.commands()[0].count(), 3U);
  EXPECT_EQ(full.commands()[1].name(), "SELECT");
}

TEST(RedisHandshake, LearnsWhichServerThisIs) {
  Handshake handshake{{}, "weft"};
  EXPECT_FALSE(handshake.take(error("NOPERM no CLIENT for you")));
  EXPECT_FALSE(handshake.take(text("# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n")));
  EXPECT_FALSE(handshake.is_complete());
  EXPECT_FALSE(handshake.take(text("role:master\r\nmaster_replid:def\r\nmaster_replid2:0\r\n")));
  EXPECT_TRUE(handshake.is_complete());
  EXPECT_EQ(handshake.greeting().incarnation, "abc-def");
}

TEST(RedisHandshake, ServersThatCannotServeAreRefusedByName) {
  const auto failure = [](Reply server, Reply replication) {
    Handshake handshake{{}, "weft"};
    EXPECT_FALSE(handshake.take(ok()));
    auto found = handshake.take(server);
    return found ? *found : handshake.take(replication).value_or(Failure{{.message = "none"}});
  };
  const auto good = [] { return text("redis_version:7.0.15\r\nrun_id:abc\r\n"); };
  const auto old = failure(text("redis_version:5.0.3\r\nrun_id:abc\r\n"), {});
  EXPECT_THAT(to_string(old.error), HasSubstr("is Redis 5.0.3, which is too old"));
  EXPECT_EQ(old.cure, Failure::Cure::people);
  EXPECT_THAT(failure(text("redis_version:6.0.9\r\nrun_id:a"), {}).error.message,
              HasSubstr("too old"));
  EXPECT_THAT(failure(ok(), {}).error.message, HasSubstr("does not say which Redis it is"));
  EXPECT_THAT(failure(error("NOAUTH Authentication required."), {}).error.hint,
              HasSubstr("WEFT_STORE_PASSWORD"));
  const auto replica =
    failure(good(), text("role:slave\r\nmaster_host:10.0.0.2\r\nmaster_replid:d"));
  EXPECT_THAT(replica.error.message, HasSubstr("a replica of '10.0.0.2'"));
  EXPECT_EQ(replica.cure, Failure::Cure::wait);
  EXPECT_EQ(failure(error("ERR max number of clients reached"), {}).cure, Failure::Cure::wait);
}

}  // namespace
}  // namespace weft::redis
