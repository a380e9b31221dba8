#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/history/history_fixture.hpp"
#include "storage/history/history_writers.hpp"
#include "weft/storage/history/sqlite.hpp"

namespace weft {
namespace {

using namespace test;
using ::testing::SizeIs;

class HistoryThreads : public HistoryTest {};

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
