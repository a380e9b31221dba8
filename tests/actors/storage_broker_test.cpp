// The storage broker before a store that answers when the test says so.

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <gmock/gmock.h>

#include "weft/actors/storage_broker.hpp"
#include "weft/actors/type_ids.hpp"
#include "weft/storage/memory_run_store.hpp"

namespace weft::test {

namespace {

class LateStore : public MemoryRunStore {
public:
  using MemoryRunStore::MemoryRunStore;

  void launch(RunId, WorkerId, std::string, Done<bool> done) override {
    const std::lock_guard lock{mutex};
    asked.push_back(std::move(done));
    arrived.notify_all();
  }

  void wait_for(std::size_t count) {
    std::unique_lock lock{mutex};
    arrived.wait(lock, [&] { return asked.size() >= count; });
  }

  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<Done<bool>> asked;
};

struct StorageBroker : testing::Test {
  struct Config : caf::actor_system_config {
    Config() {
      caf::core::init_global_meta_objects();
      caf::init_global_meta_objects<caf::id_block::weft>();
    }
  };

  SystemClock clock;
  std::shared_ptr<LateStore> store = std::make_shared<LateStore>(clock);
  Config config;
};

TEST_F(StorageBroker, GivesEachAskerItsOwnAnswerInWhateverOrderTheStoreAnswers) {
  caf::actor_system system{config};
  const auto broker = spawn_storage_broker(system, store, StoreAnswers::later);
  const caf::scoped_actor self{system};
  std::vector<bool> answers(6);
  for (std::size_t round = 0; round < 2; ++round) {
    const std::size_t first = round * 3;
    for (std::size_t i = first; i < first + 3; ++i) {
      self->send(caf::actor_cast<caf::actor>(broker), LaunchWorker{});
      store->wait_for(i - first + 1);
    }
    store->asked[1](true);
    store->asked[2](Error{.code = Errc::run_unknown, .message = "no such run"});
    store->asked[0](false);
    int yes = 0, no = 0, failed = 0;
    for (int i = 0; i < 3; ++i) {
      self->receive([&](bool answer) { answer ? ++yes : ++no; },
                    [&](const caf::error&) { ++failed; });
    }
    EXPECT_EQ(yes, 1);
    EXPECT_EQ(no, 1);
    EXPECT_EQ(failed, 1);
    store->asked.clear();
  }
  self->send_exit(broker, caf::exit_reason::user_shutdown);
}

TEST_F(StorageBroker, TellsWhoAsksWhenTheStoreDropsACall) {
  caf::actor_system system{config};
  const auto broker = spawn_storage_broker(system, store, StoreAnswers::later);
  const caf::scoped_actor self{system};
  self->send(caf::actor_cast<caf::actor>(broker), LaunchWorker{});
  store->wait_for(1);
  store->asked.clear();
  bool failed = false;
  self->receive([](bool) {}, [&](const caf::error&) { failed = true; });
  EXPECT_TRUE(failed);
  self->send_exit(broker, caf::exit_reason::user_shutdown);
}

TEST_F(StorageBroker, LeavesNothingOfTheActorSystemWithACallThatOutlivesIt) {
  {
    caf::actor_system system{config};
    const auto broker = spawn_storage_broker(system, store, StoreAnswers::later);
    const caf::scoped_actor self{system};
    for (std::size_t i = 1; i <= 3; ++i) {
      self->send(caf::actor_cast<caf::actor>(broker), LaunchWorker{});
      store->wait_for(i);
    }
    self->send_exit(broker, caf::exit_reason::user_shutdown);
  }
  store->asked.front()(true);
  store->asked.clear();  // Dropped unanswered.
}

}  // namespace
}  // namespace weft::test
