// Runs that end before anybody asks for their result.

#include <future>
#include <thread>

#include "acceptance/durable_runs.hpp"

namespace weft::test {

namespace {

/// One whose tasks take less than it takes to ask.
struct Brief {
  Workflow workflow{"brief"};
  Future<int> result = workflow.task(next, workflow.task(pass, 41));
};

}  // namespace

using LateClients = DurableRuns;

TEST(LateClientsInMemory, ReadTheResultOfARunThatHasEnded) {
  EngineOptions options;
  options.recorder.history = "";
  Engine engine{durable_functions(), options};
  for (int i = 0; i < 100; ++i) {
    Brief brief;
    const auto run = engine.submit(std::move(brief.workflow), brief.result);
    ASSERT_TRUE(eventually([&] { return run.record().state == RunState::succeeded; }));
    EXPECT_TRUE(run.wait_for(0s));
    EXPECT_EQ(run.get(), 42);
  }
}

TEST_F(LateClients, ReadTheResultOfARunThatHasEndedInTheStore) {
  Engine node{durable_functions(), threads(2)};
  for (int i = 0; i < 20; ++i) {
    Brief brief;
    const auto run =
      node.submit(std::move(brief.workflow), brief.result, SubmitOptions{.detached = true});
    ASSERT_TRUE(run.wait_for(bound));
    EXPECT_EQ(run.get(), 42);
  }
  Engine late{durable_functions(), client()};
  const auto runs = late.stored_runs().value();
  EXPECT_EQ(runs.size(), 20u);
  for (const RunId id : runs) {
    const auto handle = late.attach(id).value();
    ASSERT_TRUE(handle->wait_for(bound));
    const Brief same;
    EXPECT_EQ(**handle->output(same.result.task()).value().as<int>(), 42);
    EXPECT_TRUE(late.acknowledge(id));
  }
  expect_no_key_of_runs();
}

TEST_F(LateClients, HearAllEventsOfARunThatHasEnded) {
  Engine node{durable_functions(), threads(2)};
  Brief brief;
  const auto run =
    node.submit(std::move(brief.workflow), brief.result, SubmitOptions{.detached = true});
  ASSERT_TRUE(run.wait_for(bound));
  Engine late{durable_functions(), client()};
  const auto handle = late.attach(run.id()).value();
  const auto events = events_of(*handle);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events.front().kind, RunEventKind::created);
  EXPECT_EQ(events.back().kind, RunEventKind::ended);
  expect_each_committed_once(*handle);
}

/// Some of these attach while their run ends.
TEST_F(LateClients, ThatComeAtAnyMomentReadTheResult) {
  Engine node{durable_functions(), threads(2)};
  Engine other{durable_functions(), client()};
  for (int i = 0; i < 50; ++i) {
    Brief brief;
    const auto run =
      node.submit(std::move(brief.workflow), brief.result, SubmitOptions{.detached = true});
    const auto handle = attached(other, run.id());
    ASSERT_TRUE(handle && handle->wait_for(bound)) << "run " << i;
    EXPECT_EQ(**handle->output(brief.result.task()).value().as<int>(), 42);
    EXPECT_TRUE(other.acknowledge(run.id()));
  }
}

TEST_F(LateClients, OfARunThatHasFailedReadItsError) {
  Engine node{durable_functions(), threads(2)};
  Workflow workflow{"failing"};
  const auto failing = risky(workflow, Mishap::exception, 1, "failing", 0);
  const auto run = node.submit(std::move(workflow), failing, SubmitOptions{.detached = true});
  ASSERT_TRUE(run.wait_for(bound));
  Engine late{durable_functions(), client()};
  const auto handle = late.attach(run.id()).value();
  ASSERT_TRUE(handle->wait_for(bound));
  const auto output = handle->output(failing.task());
  ASSERT_FALSE(output);
  EXPECT_THAT(to_string(output.error()),
              AllOf(HasSubstr("failing"), HasSubstr("this call is to fail")));
}

TEST_F(LateClients, ThatLetGoOfARunAreToldOfItNoMore) {
  const auto subscribed = [this] { return !redis->run({"PUBSUB", "CHANNELS"}).starts_with("*0"); };
  Engine engine{durable_functions(), client()};
  Brief brief;
  auto run = engine.submit(std::move(brief.workflow), brief.result, SubmitOptions{.detached = true})
               .handle();
  EXPECT_TRUE(eventually(subscribed));
  const RunId id = run->id();
  run = nullptr;
  EXPECT_TRUE(eventually([&] { return !subscribed(); }));
  EXPECT_TRUE(engine.acknowledge(id));
}

/// The run goes on: there is nothing else to tell whoever waits for it here.
TEST_F(LateClients, ThatWaitWhenTheirEngineEndsAreToldToAttachAgain) {
  Engine other{durable_functions(), client()};
  std::optional<Engine> engine{std::in_place, durable_functions(), client()};
  Brief brief;
  const auto run =
    engine->submit(std::move(brief.workflow), brief.result, SubmitOptions{.detached = true});
  ASSERT_TRUE(attached(other, run.id()));
  std::promise<Result<int>> told;
  auto result = told.get_future();
  std::thread waiting{[run, &told] { told.set_value(run.result()); }};
  engine.reset();
  if (result.wait_for(bound) != std::future_status::ready) {
    waiting.detach();
    FAIL() << "the client waits for ever";
  }
  waiting.join();
  const auto end = result.get();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Errc::shutting_down);
  EXPECT_THAT(end.error().hint, HasSubstr("attach"));
  EXPECT_FALSE(run.wait_for(bound));
  EXPECT_EQ(run.record().state, RunState::running);
  EXPECT_TRUE(other.acknowledge(run.id()));
}

}  // namespace weft::test
