#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/history/history_fixture.hpp"
#include "weft/storage/history/sqlite.hpp"

namespace weft {
namespace {

using namespace test;
using ::testing::SizeIs;

class HistoryThreads : public HistoryTest {
protected:
  /// Some threads, each of which writes a run through its own handle or a shared one, while another
  /// reads.
  void write_and_read(const std::function<std::shared_ptr<HistoryStore>()>& handle) {
    constexpr std::uint64_t writers = 4;
    constexpr int batches = 25;
    {
      std::vector<std::jthread> threads;
      for (std::uint64_t number = 1; number <= writers; ++number) {
        threads.emplace_back([&handle, number] {
          const auto history = handle();
          history->start_run(record(number), two_tasks()).value();
          for (int i = 0; i < batches; ++i) {
            history->append(batch_of(RunId{number}, 0, 10)).value();
          }
          history->finish_run(record(number)).value();
        });
      }
      threads.emplace_back([&handle] {
        const auto history = handle();
        for (int i = 0; i < batches; ++i) {
          for (const RunRecord& run : history->runs(10, "").value()) {
            EXPECT_EQ(history->tasks(run.id).value().size() % 10, 0u);
          }
          (void)history->samples("quick@1", 100).value();
        }
      });
    }
    const auto history = handle();
    EXPECT_THAT(history->runs(10, "").value(), SizeIs(writers));
    for (std::uint64_t number = 1; number <= writers; ++number) {
      EXPECT_THAT(history->tasks(RunId{number}).value(), SizeIs(batches * 10));
    }
    EXPECT_THAT(history->samples("quick@1", 10'000).value(), SizeIs(writers * batches * 10));
  }
};

TEST_F(HistoryThreads, MayShareOneStore) {
  const auto shared = open();
  write_and_read([&] { return shared; });
}

TEST_F(HistoryThreads, MayShareOneStoreWithoutAFile) {
  const auto shared = open_sqlite_history(":memory:").value();
  write_and_read([&] { return shared; });
}

TEST_F(HistoryThreads, MayEachOpenTheFile) {
  write_and_read([this] { return open(); });
}

TEST_F(HistoryThreads, WaitForAnotherHandleThatIsWriting) {
  const auto history = open();
  history->start_run(record(1), two_tasks()).value();
  SqliteDatabase other{file()};
  auto transaction = std::make_unique<SqliteTransaction>(other);
  std::jthread writer([&] { history->append(batch_of(RunId{1}, 0, 1)).value(); });
  transaction->commit();
  writer.join();
  EXPECT_THAT(history->tasks(RunId{1}).value(), SizeIs(1));
}

}  // namespace
}  // namespace weft
