// What a worker keeps for its own tasks, and when it lets go of it.

#include "actors/worker_core_fixture.hpp"

namespace weft::test {

class AKeptOutput : public WorkerCoreTest {
protected:
  Future<int> made = workflow.task(sample::number);
  Future<int> first = workflow.task(sample::step, made);
  Future<int> second = workflow.task(sample::step, made);

  void SetUp() override {
    freeze();
    start();
  }

  /// `made` has run here and is kept.
  void keep(Value value) {
    static_cast<void>(hold_slot_with({made.task().number()}));
    EXPECT_THAT(on_made(std::move(value)), IsEmpty());
  }
  Said on_made(Value value) {
    return on_ended({.task = made.task(),
                     .template_task = made.task(),
                     .committed = true,
                     .kept = std::move(value)});
  }
  /// A grant without the input, which the store does not have.
  static std::vector<Grant> lacking(const Future<int>& reader) {
    std::vector<Grant> all;
    all.push_back(grant(reader, {Value{}}));
    return all;
  }
};

TEST_F(AKeptOutput, IsHandedToItsReaders) {
  keep(Value::of(42));
  EXPECT_THAT(on_claimed(lacking(first)), ElementsAre("start 1"));
  ASSERT_NE(input_of_last_start().object<int>(), nullptr);
  EXPECT_EQ(*input_of_last_start().object<int>(), 42);
  EXPECT_EQ(last_start.fetched, Bytes{0}) << "none of it came from the store";
}

TEST_F(AKeptOutput, IsReleasedAfterItsLastReader) {
  const int alive = Counted::alive;
  keep(Value::of(Counted{42}));
  EXPECT_EQ(Counted::alive, alive + 1);
  static_cast<void>(on_claimed(lacking(first)));
  static_cast<void>(on_claimed(lacking(second)));
  last_start = {};
  static_cast<void>(on_committed(first.task().number()));
  EXPECT_EQ(Counted::alive, alive + 1) << "another task reads it";
  static_cast<void>(on_committed(second.task().number()));
  EXPECT_EQ(Counted::alive, alive);
}

TEST_F(AKeptOutput, OutlivesAFailedAttemptOfItsReader) {
  keep(Value::of(42));
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_THAT(on_claimed(lacking(first)), ElementsAre("start 1"));
    EXPECT_FALSE(input_of_last_start().missing());
    static_cast<void>(on_ended({.task = first.task(), .template_task = first.task()}));
  }
}

TEST_F(AKeptOutput, IsReleasedWhenTheRunIsOver) {
  const int alive = Counted::alive;
  keep(Value::of(Counted{42}));
  static_cast<void>(on_stop());
  EXPECT_EQ(Counted::alive, alive);
}

TEST_F(AKeptOutput, IsNotKeptWhenNobodyReadsIt) {
  const int alive = Counted::alive;
  static_cast<void>(hold_slot_with({first.task().number()}));
  static_cast<void>(on_ended({.task = first.task(),
                              .template_task = first.task(),
                              .committed = true,
                              .kept = Value::of(Counted{1})}));
  EXPECT_EQ(Counted::alive, alive);
}

TEST_F(AKeptOutput, IsAwaitedByAReaderThatIsGrantedBeforeItIsHandedOver) {
  static_cast<void>(hold_slot_with({made.task().number()}));
  EXPECT_THAT(on_claimed(lacking(first)), IsEmpty()) << "its input is still with a task actor";
  EXPECT_FALSE(core->idle());
  EXPECT_THAT(on_made(Value::of(42)), ElementsAre("start 1"));
  EXPECT_FALSE(input_of_last_start().missing());
}

TEST_F(AKeptOutput, ThatNeverComesStartsItsReaderAllTheSame) {
  static_cast<void>(hold_slot_with({made.task().number()}));
  static_cast<void>(on_claimed(lacking(first)));
  EXPECT_THAT(on_ended({.task = made.task(), .template_task = made.task()}), ElementsAre("start 1"))
    << "the task reports that its input is missing; nobody else would";
  EXPECT_TRUE(input_of_last_start().missing());
}

TEST_F(AKeptOutput, CountsForAReaderBesideWhatCameFromTheStore) {
  Workflow other{"join"};
  const auto here = other.task(sample::number);
  const auto elsewhere = other.task(sample::number);
  const auto joined = other.task(sample::join, here, elsewhere);
  workflow = other;
  freeze();
  start();
  static_cast<void>(hold_slot_with({here.task().number()}));
  static_cast<void>(on_ended(
    {.task = here.task(), .template_task = here.task(), .committed = true, .kept = Value::of(1)}));
  const Value fetched = Value::of(std::string("from the store"));
  std::vector<Grant> all;
  all.push_back(grant(joined, {Value{}, fetched}));
  EXPECT_THAT(on_claimed(std::move(all)), ElementsAre("start 2"));
  EXPECT_FALSE(input_of_last_start().missing());
  EXPECT_EQ(last_start.fetched, fetched.size());
}

TEST_F(AKeptOutput, OfATaskMadeByAMapIsFoundByItsNumberInTheRun) {
  Workflow mapped{"map"};
  const auto list = mapped.task(sample::numbers);
  const auto each = mapped.map(list, sample::step);
  const auto then = mapped.map(each, sample::step);
  workflow = mapped;
  freeze();
  start();
  // Two rows of two tasks: 10 and 11, 12 and 13.
  const auto row_task = [&](std::uint32_t number, const AnyFuture& stated, TaskId dependency) {
    Grant grant{
      .task = TaskId{number}, .template_task = stated.task(), .dependencies = {dependency}};
    grant.inputs.add({});
    return std::vector<Grant>{grant};
  };
  for (const std::uint32_t number : {10u, 12u}) {
    static_cast<void>(on_ready(ready({number})));
    static_cast<void>(on_claimed(row_task(number, each, TaskId{9})));
    if (number == 10) static_cast<void>(on_slot());
  }
  for (const std::uint32_t number : {10u, 12u}) {
    const std::vector<TaskId> none{TaskId{9}};
    static_cast<void>(on_ended({.task = TaskId{number},
                                .template_task = each.task(),
                                .dependencies = &none,
                                .committed = true,
                                .kept = Value::of(static_cast<int>(number))}));
  }
  EXPECT_THAT(on_claimed(row_task(13, then, TaskId{12})), ElementsAre("start 13"));
  EXPECT_EQ(*input_of_last_start().object<int>(), 12);
}

}  // namespace weft::test
