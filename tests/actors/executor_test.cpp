// What executors on threads note of the calls that they make.

#include <caf/event_based_actor.hpp>
#include <future>
#include <map>

#include "actors/virtual_node.hpp"
#include "weft/actors/executor.hpp"
#include "weft/actors/run_context.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::test {
namespace {

/// A call that a test holds until it is told to return.
struct HeldCall {
  std::promise<void> called, released, replied;
};
std::map<int, HeldCall> held_calls;

const Function hold{"hold@1", [](int call) {
                      HeldCall& held = held_calls.at(call);
                      held.called.set_value();
                      held.released.get_future().wait();
                    }};

}  // namespace

class CallsOfExecutors : public VirtualNode {
protected:
  CallsOfExecutors() {
    Workflow workflow{"two"};
    for (const int call : {0, 1}) {
      held_calls[call];
      workflow.task(hold, call);
    }
    auto made = std::make_shared<RunContext>();
    made->graph = std::move(workflow).freeze(Registry{}.add(hold)).value();
    made->clock = clock;
    context = made;
  }

  void TearDown() override {
    VirtualNode::TearDown();
    system.await_all_actors_done();
    executors.stop();
    held_calls.clear();
  }

  /// Calls the function of a task, and answers when it is being called.
  void begin(std::uint32_t task) {
    HeldCall& held = held_calls.at(static_cast<int>(task));
    const auto reply_to = keep(system.spawn([&held](caf::event_based_actor*) -> caf::behavior {
      return {[&held](const TaskExecuted&) { held.replied.set_value(); }};
    }));
    const auto executor = keep(executors.spawn(system));
    settle();  // Both wait for their messages by now, and go on where those come from.
    tell(executor, ExecuteTask{.context = context,
                               .task = TaskId{task},
                               .template_task = TaskId{task},
                               .reply_to = caf::actor_cast<TaskHandle>(reply_to)});
    held.called.get_future().wait();
  }

  /// Lets it return, and answers when it has.
  static void end(std::uint32_t task) {
    HeldCall& held = held_calls.at(static_cast<int>(task));
    held.released.set_value();
    held.replied.get_future().wait();
  }

  RunContextPtr context;
  std::shared_ptr<RunningCalls> running = std::make_shared<RunningCalls>();
  ThreadedExecutors executors{running};
};

TEST_F(CallsOfExecutors, AreNotedWhileTheyAreMade) {
  EXPECT_EQ(running->task, 0u);
  EXPECT_EQ(running->count, 0u);
  begin(1);
  EXPECT_EQ(running->task, 2u);
  EXPECT_EQ(running->count, 1u);
  end(1);
  EXPECT_EQ(running->task, 0u);
  EXPECT_EQ(running->count, 0u);
}

/// The next call is charged with what ends its process, and the process is free when both are over.
TEST_F(CallsOfExecutors, ThatWereGivenUpLeaveTheNoteOfTheNext) {
  begin(0);
  begin(1);
  end(0);
  EXPECT_EQ(running->task, 2u);
  EXPECT_EQ(running->count, 1u);
  end(1);
  EXPECT_EQ(running->count, 0u);
}

TEST_F(CallsOfExecutors, ThatWereGivenUpAreCountedUntilTheyReturn) {
  begin(0);
  begin(1);
  end(1);
  EXPECT_EQ(running->count, 1u);
  end(0);
  EXPECT_EQ(running->count, 0u);
}

}  // namespace weft::test
