#include <gtest/gtest.h>

#include "storage/history/history_contract.hpp"
#include "storage/history/sqlite_backend.hpp"
#include "weft/storage/history/sqlite.hpp"

namespace weft::test {
namespace {

INSTANTIATE_TEST_SUITE_P(Sqlite, HistoryContract,
                         ::testing::Values(MakeHistory{"sqlite", &SqliteBackend::make}));

class SqliteHistoryFile : public HistoryTest {};

TEST_F(SqliteHistoryFile, HasNothingLeftOfRunsThatWereDropped) {
  const auto history = open({.max_runs = 2});
  for (std::uint64_t number = 1; number <= 4; ++number) {
    history->start_run(record(number), two_tasks()).value();
    history->append(batch_of(RunId{number}, 0, 2)).value();
    history->finish_run(record(number)).value();
  }
  SqliteDatabase raw{file()};
  EXPECT_EQ(raw.number("SELECT count(*) FROM batches"), 2);
  EXPECT_EQ(raw.number("SELECT count(*) FROM graphs"), 2);
}

TEST_F(SqliteHistoryFile, WithoutAFileEndsWithItsStore) {
  {
    const auto history = open_sqlite_history(":memory:").value();
    history->start_run(record(1), two_tasks()).value();
    EXPECT_TRUE(history->run(RunId{1}));
  }
  EXPECT_FALSE(open_sqlite_history(":memory:").value()->run(RunId{1}));
}

TEST_F(SqliteHistoryFile, MakesTheFolderOfItsFile) {
  const auto deep = folder / "a" / "b" / "history.db";
  EXPECT_TRUE(open_sqlite_history(deep));
  EXPECT_TRUE(std::filesystem::exists(deep));
}

}  // namespace
}  // namespace weft::test
