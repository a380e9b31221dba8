#include <atomic>
#include <thread>

#include "storage/redis/client_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using redis::Client;
using redis::ClientOptions;
using redis::Command;
using redis::Reply;
using redis::Script;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class RedisCalls : public RedisClientTest {};

TEST_F(RedisCalls, AreAnsweredAsRedisAnswers) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  EXPECT_EQ(text_of(*client, Command{"SET", "key", "value"}), "OK");
  EXPECT_EQ(text_of(*client, Command{"GET", "key"}), "value");
  EXPECT_TRUE(ask(*client, Command{"GET", "none"})->is_nil());
  EXPECT_EQ(ask(*client, Command{"INCRBY", "count", 7})->integer(), 7);
  const auto list = ask(*client, Command{"MGET", "key", "none", "count"});
  ASSERT_EQ(list->size(), 3U);
  EXPECT_EQ((*list)[2].as_integer().value(), 7);
}

TEST_F(RedisCalls, OverTcpAndIntoADatabaseAreAnsweredToo) {
  const RedisServer server{{.tcp = true}};
  auto endpoint = server.tcp_endpoint();
  endpoint.database = 3;
  EXPECT_EQ(text_of(*connect(endpoint), Command{"SET", "key", "value"}), "OK");
  endpoint.host = "localhost";
  EXPECT_EQ(text_of(*connect(endpoint), Command{"GET", "key"}), "value");
  EXPECT_TRUE(ask(*connect(server.tcp_endpoint()), Command{"GET", "key"})->is_nil());
}

TEST_F(RedisCalls, ThatRedisRefusesFailWithItsWords) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  ask(*client, Command{"SET", "key", "value"}).value();
  const auto refused = ask(*client, Command{"LPUSH", "key", "x"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::internal);
  EXPECT_THAT(refused.error().message, HasSubstr("refused LPUSH: WRONGTYPE Operation against"));
  EXPECT_THAT(text_of(*client, Command{"NONSENSE"}), HasSubstr("unknown command"));
}

TEST_F(RedisCalls, AskedForTogetherAreAnsweredTogetherAndInOrder) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  std::vector<Command> commands;
  constexpr int count = 10'000;  // More than are in flight at once.
  for (int i = 0; i < count; ++i) commands.emplace_back("INCR", "count");
  commands.emplace_back("NONSENSE");
  std::promise<Result<std::vector<Result<Reply>>>> promise;
  client->call_all(std::move(commands), [&promise](std::vector<Result<Reply>> results) {
    promise.set_value(std::move(results));
  });
  const auto results = waited_for(promise.get_future()).value();
  ASSERT_EQ(results.size(), count + 1U);
  for (int i = 0; i < count; ++i) EXPECT_EQ(results[i]->integer(), i + 1);
  EXPECT_FALSE(results.back());
}

TEST_F(RedisCalls, NoneAtAllAreAnsweredAtOnce) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  std::promise<Result<std::size_t>> promise;
  client->call_all({}, [&promise](const std::vector<Result<Reply>>& results) {
    promise.set_value(results.size());
  });
  EXPECT_EQ(waited_for(promise.get_future()).value(), 0U);
}

TEST_F(RedisCalls, OfManyThreadsAreAllAnswered) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  constexpr int threads = 4;
  constexpr int calls = 2000;
  std::atomic<int> answered{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < threads; ++i) {
    callers.emplace_back([&] {
      for (int call = 0; call < calls; ++call) {
        client->call(Command{"INCR", "count"}, [&](const Result<Reply>& reply) {
          if (reply) ++answered;
        });
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_TRUE(eventually([&] { return answered == threads * calls; }));
  EXPECT_EQ(text_of(*client, Command{"GET", "count"}), std::to_string(threads * calls));
}

TEST_F(RedisCalls, CarryLargeValuesUnharmed) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  std::string large(std::size_t{64} << 20, '\0');
  for (std::size_t i = 0; i < large.size(); i += 4096) large[i] = static_cast<char>(i >> 12);
  const auto value = Value::encoded(large);
  EXPECT_EQ(text_of(*client, Command{"SET", "large", value}), "OK");
  EXPECT_EQ(text_of(*client, Command{"SET", "medium", std::string(100'000, 'm')}), "OK");
  auto list = ask(*client, Command{"MGET", "medium", "large", "none", "medium"}).value();
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0].text(), std::string(100'000, 'm'));
  EXPECT_EQ(list[3].text(), std::string(100'000, 'm'));
  EXPECT_TRUE(list.elements()[1].take_text() == large);  // Too long to be printed.
}

TEST_F(RedisCalls, BeyondWhatMayBeInFlightWaitInOrder) {
  const RedisServer server;
  auto options = patient();
  options.commands_in_flight_max = 2;
  const auto client = connect(server.endpoint(), options);
  server.stop();
  std::vector<std::future<Result<Reply>>> pushed;
  for (int i = 0; i < 10; ++i) pushed.push_back(begin(*client, Command{"RPUSH", "list", i}));
  settle(*client);
  EXPECT_EQ(client->queued(), 8U);
  EXPECT_EQ(client->statistics().in_flight, 2U);
  server.cont();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(waited_for(std::move(pushed[i]))->integer(), i + 1);
  }
  const auto list = ask(*client, Command{"LRANGE", "list", 0, -1}).value();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(list[i].as_integer().value(), i);
  EXPECT_EQ(client->queued(), 0U);
}

TEST_F(RedisCalls, LargerThanWhatMayBeInFlightAreSentAlone) {
  const RedisServer server;
  auto options = patient();
  options.bytes_in_flight_max = {1000};
  const auto client = connect(server.endpoint(), options);
  std::vector<std::future<Result<Reply>>> set;
  for (int i = 0; i < 20; ++i) {
    set.push_back(begin(*client, Command{"SET", i, std::string(50'000, 'x')}));
  }
  for (auto& reply : set) EXPECT_TRUE(waited_for(std::move(reply)));
}

TEST_F(RedisCalls, ThatHaveNotEndedFailWhenTheClientIsClosed) {
  const RedisServer server;
  auto client = connect(server.endpoint());
  server.stop();
  std::vector<std::string> failures;
  client->call(Command{"GET", "a"}, [&, alive = client.get()](const Result<Reply>& first) {
    failures.push_back(first.error().message);
    alive->run_after(1h, [] {});
    alive->subscribe(
      "other", [](std::string_view) {},
      [&](const Result<void>& ready) { failures.push_back(ready.error().message); });
    alive->call(Command{"GET", "b"}, [&](const Result<Reply>& second) {
      failures.push_back(second.error().message);
      EXPECT_EQ(second.error().code, Errc::store_unavailable);
    });
  });
  client->subscribe(
    "channel", [](std::string_view) {},
    [&](const Result<void>& ready) { failures.push_back(ready.error().message); });
  settle(*client);
  client.reset();
  EXPECT_EQ(failures.size(), 4U);
  EXPECT_THAT(failures, Contains(HasSubstr("its client was closed")).Times(4));
}

TEST_F(RedisCalls, AreCounted) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  const auto before = client->statistics();
  text_of(*client, Command{"SET", "key", std::string(1000, 'x')});
  text_of(*client, Command{"GET", "key"});
  settle(*client);
  const auto after = client->statistics();
  EXPECT_EQ(after.commands_sent, before.commands_sent + 2);
  EXPECT_GT(after.sent.count, before.sent.count + 1000);
  EXPECT_GT(after.received.count, before.received.count + 1000);
  EXPECT_EQ(after.reconnects, 0U);
  EXPECT_EQ(after.in_flight, 0U);
}

// -- scripts --------------------------------------------------------------------------------------

class RedisScripts : public RedisClientTest {
protected:
  static std::string loads(Client& client) {
    const auto text = text_of(client, Command{"INFO", "commandstats"});
    const auto at = text.find("cmdstat_script|load:");
    return at == std::string::npos ? "none" : text.substr(at, text.find(',', at) - at);
  }
};

TEST_F(RedisScripts, AreGivenToARedisThatDoesNotKnowThemOnce) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  const Script script{"return redis.call('INCRBY', KEYS[1], ARGV[1])"};
  std::vector<std::future<Result<Reply>>> results;
  for (int i = 0; i < 1000; ++i) {
    Command command{script, {"count"}};
    command.add(2);
    results.push_back(begin(*client, std::move(command)));
  }
  for (auto& result : results) EXPECT_TRUE(waited_for(std::move(result)));
  EXPECT_EQ(text_of(*client, Command{"GET", "count"}), "2000");
  EXPECT_THAT(loads(*client), HasSubstr("calls=1"));

  server.run({"SCRIPT", "FLUSH"});
  EXPECT_EQ(ask(*client, std::move(Command{script, {"count"}}.add(1)))->integer(), 2001);
  EXPECT_THAT(loads(*client), HasSubstr("calls=2"));
}

TEST_F(RedisScripts, ThatAreNotLuaFailEveryTime) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  const Script script{"this is no Lua"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(text_of(*client, Command{script, {}}), HasSubstr("Error compiling script"));
  }
}

TEST_F(RedisScripts, ThatFailSayWhy) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  EXPECT_THAT(text_of(*client, Command{Script{"return redis.error_reply('MY own words')"}, {}}),
              HasSubstr("refused EVALSHA: MY own words"));
  EXPECT_THAT(text_of(*client, Command{Script{"return nil + 1"}, {}}), HasSubstr("arithmetic"));
}

// -- the I/O thread -------------------------------------------------------------------------------

class RedisIoThread : public RedisClientTest {};

TEST_F(RedisIoThread, RunsWhatIsPostedInOrderAndAllCallbacks) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  EXPECT_FALSE(client->on_io_thread());
  std::vector<int> order;
  std::vector<bool> places;
  for (int i = 0; i < 5; ++i) {
    client->post([&, i] {
      order.push_back(i);
      places.push_back(client->on_io_thread());
    });
  }
  settle(*client);
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(places, ElementsAre(true, true, true, true, true));
}

TEST_F(RedisIoThread, RunsTimersInTheOrderInWhichTheyAreDue) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  std::vector<int> order;
  std::promise<Result<bool>> done;
  client->post([&] {
    client->run_after(30ms, [&] {
      order.push_back(3);
      done.set_value(true);
    });
    client->run_after(1ms, [&] { order.push_back(1); });
    client->run_after(1ms, [&] { order.push_back(2); });
    client->run_after(1h, [&] { order.push_back(4); });
  });
  EXPECT_TRUE(waited_for(done.get_future()));
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST_F(RedisIoThread, SaysWhenABurstHasBeenHandedOut) {
  const RedisServer server;
  std::atomic<int> bursts{0};
  std::atomic<int> answered{0};
  auto options = patient();
  options.after_burst = [&bursts] { ++bursts; };
  const auto client = connect(server.endpoint(), options);
  bursts = 0;
  server.stop();
  constexpr int calls = 100;
  client->post([&] {
    for (int i = 0; i < calls; ++i) {
      client->call(Command{"PING"}, [&](const Result<Reply>&) {
        EXPECT_LE(bursts, calls / 2);
        ++answered;
      });
    }
  });
  settle(*client);
  server.cont();
  EXPECT_TRUE(eventually([&] { return answered == calls; }));
  settle(*client);
  EXPECT_GE(bursts, 1);
  EXPECT_LE(bursts, calls / 2);  // Far fewer than replies; how many came together is up to Redis.
}

TEST_F(RedisIoThread, CallsMadeAfterABurstAreSent) {
  const RedisServer server;
  std::unique_ptr<Client> client;
  std::promise<Result<bool>> done;
  bool is_asked = false;
  auto options = patient();
  options.after_burst = [&] {
    if (client == nullptr || std::exchange(is_asked, true)) return;
    client->call(Command{"PING"}, [&](const Result<Reply>&) { done.set_value(true); });
  };
  client = connect(server.endpoint(), options);
  settle(*client);
  EXPECT_TRUE(waited_for(done.get_future()));
}

TEST_F(RedisIoThread, OptionsThatCannotBeMeantAreRefused) {
  EXPECT_THAT(refusal({}, {.patience = 0s}), HasSubstr("a time is not positive"));
  EXPECT_THAT(refusal({}, {.backoff_min = 3s}), HasSubstr("backoff_min"));
  EXPECT_THAT(refusal({}, {.commands_in_flight_max = 0}), HasSubstr("commands_in_flight_max"));
  EXPECT_THAT(refusal({}, {.name = "two words"}), HasSubstr("printable"));
  EXPECT_THAT(refusal({.host = "10.0.0.1"}), HasSubstr("allow_plaintext"));
}

}  // namespace
}  // namespace weft::test
