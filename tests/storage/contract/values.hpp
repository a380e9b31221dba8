#pragma once

// The contract of run stores: outputs that are written in chunks.

#include "storage/run_store_fixture.hpp"

namespace weft {

class RunStoreChunks : public RunStoreContract {
protected:
  void SetUp() override {
    Workflow workflow{"chunks"};
    const auto a = workflow.task(sample::number);
    writer = a.task();
    reader = workflow.task(sample::step, a).task();
    start(workflow);
    grant = claim(writer);
    const Value text = Value::of(std::string(1000, 'x'));
    whole = Blob{*text.encoding()};
  }

  /// The part of the output that chunk `index` holds.
  Blob part(std::uint32_t index) const { return whole.substr(index * size, size); }
  std::uint32_t parts() const {
    return static_cast<std::uint32_t>((whole.size() + size - 1) / size);
  }
  Result<void> put(std::uint32_t index, Fence fence) {
    return store.put_chunk(
      {.run = run, .task = writer, .fence = fence, .index = index, .bytes = part(index)});
  }
  void put_all() {
    for (std::uint32_t i = 0; i < parts(); ++i) put(i, grant.fence).value();
  }
  CommitAnswer commit_chunks() {
    CommitRequest commit = commit_of(grant, Value{});
    commit.chunks = parts();
    return store.commit(commit).value();
  }
  Chunks read(std::uint32_t first) { return store.read_chunks(run, writer, first).value(); }

  static constexpr std::size_t size = 100;
  TaskId writer, reader;
  Grant grant;
  Blob whole;
};

TEST_P(RunStoreChunks, CanBeReadWhileTheyAreWritten) {
  EXPECT_THAT(read(0).bytes, IsEmpty());
  put(0, grant.fence).value();
  put(1, grant.fence).value();
  const Chunks chunks = read(0);
  EXPECT_EQ(chunks.fence, grant.fence);
  EXPECT_THAT(chunks.bytes, ElementsAre(part(0), part(1)));
  EXPECT_FALSE(chunks.complete);
  EXPECT_THAT(read(1).bytes, ElementsAre(part(1)));
  EXPECT_THAT(read(2).bytes, IsEmpty());
  EXPECT_THAT(read(9).bytes, IsEmpty());
}

TEST_P(RunStoreChunks, AreTheOutputOnceCommitted) {
  put_all();
  EXPECT_THAT(tasks_of(commit_chunks().ready), ElementsAre(reader));
  EXPECT_TRUE(read(0).complete);
  EXPECT_EQ(read(0).fence, grant.fence);
  EXPECT_EQ(read(0).bytes.size(), parts());
  EXPECT_THAT(read(parts() - 1).bytes, ElementsAre(part(parts() - 1)));
  EXPECT_EQ(*fetch(writer).encoding(), whole);
  EXPECT_EQ(**claim(reader).inputs.at(0).as<std::string>(), std::string(1000, 'x'));
}

TEST_P(RunStoreChunks, AreReleasedWithTheOutput) {
  put_all();
  commit_chunks();
  complete(reader);
  EXPECT_EQ(store.read_chunks(run, writer, 0).error().code, Errc::input_missing);
}

TEST_P(RunStoreChunks, MayBeSentTwiceButNotWithAGap) {
  put(0, grant.fence).value();
  EXPECT_EQ(put(2, grant.fence).error().code, Errc::invalid_argument);
  put(1, grant.fence).value();
  EXPECT_TRUE(put(0, grant.fence).has_value());
  EXPECT_THAT(read(0).bytes, ElementsAre(part(0), part(1)));
}

TEST_P(RunStoreChunks, MustAllBeThereWhenCommitted) {
  put(0, grant.fence).value();
  CommitRequest commit = commit_of(grant, Value{});
  commit.chunks = 2;
  EXPECT_EQ(store.commit(commit).error().code, Errc::invalid_argument);
  EXPECT_EQ(status().tasks.committed, 0u);
  put_all();
  EXPECT_EQ(commit_chunks().outcome, CommitOutcome::committed);
}

TEST_P(RunStoreChunks, BelongToOneAttempt) {
  put(0, grant.fence).value();
  const FailAnswer next = retry(grant);
  EXPECT_EQ(put(1, grant.fence).error().code, Errc::claim_lost);
  EXPECT_EQ(read(0).fence, next.fence);
  EXPECT_THAT(read(0).bytes, IsEmpty());
  EXPECT_TRUE(put(0, next.fence).has_value());
}

TEST_P(RunStoreChunks, AreForgottenWhenTheAttemptCommitsAValueInstead) {
  put(0, grant.fence).value();
  commit(grant, Value::of(5));
  EXPECT_TRUE(read(0).complete);
  EXPECT_THAT(read(0).bytes, IsEmpty());
  EXPECT_EQ(number_in(fetch(writer)), 5);
}

TEST_P(RunStoreChunks, AreRefusedWithoutAValidClaim) {
  EXPECT_EQ(store.put_chunk({.run = run, .task = reader, .fence = Fence{1}}).error().code,
            Errc::claim_lost)
    << "not claimed yet";
  put_all();
  commit_chunks();
  EXPECT_EQ(put(0, grant.fence).error().code, Errc::claim_lost) << "committed";
  const Grant last = claim(reader);
  store.cancel(run, "").value();
  EXPECT_EQ(store.put_chunk({.run = run, .task = reader, .fence = last.fence}).error().code,
            Errc::claim_lost)
    << "cancelled";
}

}  // namespace weft
