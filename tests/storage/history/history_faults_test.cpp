#include <array>
#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/history/history_fixture.hpp"
#include "weft/storage/history/schema.hpp"
#include "weft/storage/history/sqlite.hpp"

namespace weft {
namespace {

using namespace test;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A pipe between this process and its children.
struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
  ~Pipe() {
    close_read();
    close_write();
  }
  void close_read() { close_end(0); }
  void close_write() { close_end(1); }
  [[nodiscard]] int read_end() const { return ends[0]; }
  [[nodiscard]] int write_end() const { return ends[1]; }

private:
  void close_end(std::size_t i) {
    if (ends[i] >= 0) ::close(std::exchange(ends[i], -1));
  }
  std::array<int, 2> ends{-1, -1};
};

/// Runs `body` in a child process, which ends with 0 if `body` returns.
template <class Body>
pid_t in_child(Body&& body) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    body();
    ::_exit(0);
  } catch (const std::exception& failure) {
    std::fputs(failure.what(), stderr);
    ::_exit(1);
  }
}

int status_of(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

class HistoryFaults : public HistoryTest {
protected:
  void write_file(std::string_view text) const { std::ofstream(file(), std::ios::binary) << text; }
  /// Changes the file behind the back of the store.
  void spoil(const char* statements) const { SqliteDatabase(file()).execute(statements); }

  /// A finished run with some metrics in a file that is closed.
  void write_run(std::uint64_t number) const {
    const auto history = open();
    history->start_run(record(number), two_tasks()).value();
    history->append(batch_of(RunId{number}, 0, 10)).value();
    history->finish_run(record(number)).value();
  }
};

void expect_unavailable(const Error& error, const std::filesystem::path& file) {
  EXPECT_EQ(error.code, Errc::history_unavailable);
  EXPECT_THAT(error.message, HasSubstr(file.string()));
  EXPECT_NE(error.hint, "");
}

// -- opening --------------------------------------------------------------------------------------

TEST_F(HistoryFaults, OfAFileThatIsNoDatabaseAreRefusedAndLeaveItAlone) {
  const std::string text(5'000, 'x');
  write_file(text);
  expect_unavailable(refusal(file()), file());
  EXPECT_EQ(std::filesystem::file_size(file()), text.size());
}

TEST_F(HistoryFaults, OfADatabaseOfAnotherProgramAreRefusedAndLeaveItAlone) {
  spoil("CREATE TABLE theirs (x)");
  expect_unavailable(refusal(file()), file());
  EXPECT_THAT(refusal(file()).message, HasSubstr("another program"));
  EXPECT_EQ(SqliteDatabase(file()).number("SELECT count(*) FROM sqlite_master"), 1);
}

TEST_F(HistoryFaults, OfANewerSchemaAreRefusedWithBothVersions) {
  write_run(1);
  const std::int64_t newer = history_schema_version() + 1;
  spoil(("PRAGMA user_version = " + std::to_string(newer)).c_str());
  expect_unavailable(refusal(file()), file());
  EXPECT_THAT(refusal(file()).message, HasSubstr("version " + std::to_string(newer)));
  EXPECT_THAT(refusal(file()).message,
              HasSubstr("up to " + std::to_string(history_schema_version())));
}

TEST_F(HistoryFaults, OfAnEmptyFileAreNone) {
  write_file("");
  EXPECT_TRUE(open_sqlite_history(file()));
}

TEST_F(HistoryFaults, OfAPathThatCannotBeAFileAreRefused) {
  write_file("");
  expect_unavailable(refusal(folder), folder);
  expect_unavailable(refusal(file() / "history.db"), file() / "history.db");
  EXPECT_EQ(refusal("").code, Errc::history_unavailable);
}

TEST_F(HistoryFaults, OfAFileThatMayNotBeWrittenAreRefused) {
  write_run(1);
  using std::filesystem::perms;
  std::filesystem::permissions(file(), perms::owner_read | perms::others_read);
  std::filesystem::permissions(folder, perms::others_read | perms::others_exec,
                               std::filesystem::perm_options::add);
  const pid_t child = in_child([&] {
    constexpr uid_t nobody = 65'534;
    // The superuser may write every file.
    if (::geteuid() == 0 && ::setuid(nobody) != 0) ::_exit(2);
    const auto opened = open_sqlite_history(file());
    if (opened || opened.error().hint.find("may be written") == std::string::npos) ::_exit(3);
  });
  EXPECT_EQ(WEXITSTATUS(status_of(child)), 0);
}

// -- damage ---------------------------------------------------------------------------------------

TEST_F(HistoryFaults, OfOneRunDoNotHideTheOthers) {
  write_run(1);
  write_run(2);
  spoil("UPDATE batches SET tasks = x'93C0FFEE' WHERE run = 1");
  spoil("UPDATE batches SET slots = x'C1' WHERE run = 1");
  spoil("UPDATE graphs SET tasks = x'' WHERE run = 1");
  const auto history = open();

  expect_unavailable(history->tasks(RunId{1}).error(), file());
  expect_unavailable(history->slots(RunId{1}).error(), file());
  expect_unavailable(history->graph(RunId{1}).error(), file());
  EXPECT_THAT(history->tasks(RunId{1}).error().message, HasSubstr(RunId{1}.text()));
  EXPECT_THAT(history->tasks(RunId{1}).error().causes, SizeIs(1));
  EXPECT_THAT(history->tasks(RunId{2}).value(), SizeIs(10));
  EXPECT_THAT(history->graph(RunId{2}).value(), SizeIs(2));
}

TEST_F(HistoryFaults, OfARecordAreNamed) {
  write_run(1);
  spoil("UPDATE runs SET state = 99");
  expect_unavailable(open()->run(RunId{1}).error(), file());
  spoil("UPDATE runs SET state = 1, errors = x'DDFFFFFFFF'");
  expect_unavailable(open()->run(RunId{1}).error(), file());
  expect_unavailable(open()->runs(10, "").error(), file());
}

TEST_F(HistoryFaults, OfPagesNeverCrash) {
  write_run(1);
  const auto size = std::filesystem::file_size(file());
  constexpr std::size_t page = 4096;
  for (std::size_t begin = page; begin < size; begin += page) {
    SCOPED_TRACE(begin);
    const auto copy = folder / "damaged.db";
    std::filesystem::copy_file(file(), copy, std::filesystem::copy_options::overwrite_existing);
    {
      std::fstream damaged(copy, std::ios::in | std::ios::out | std::ios::binary);
      damaged.seekp(static_cast<std::streamoff>(begin));
      damaged << std::string(page, '\xA5');
    }
    const auto history = open_sqlite_history(copy);
    if (!history) {
      expect_unavailable(history.error(), copy);
      continue;
    }
    for (const auto& answer :
         {(*history)->append(batch_of(RunId{1}, 0, 10)), (*history)->finish_run(record(2))}) {
      if (!answer) expect_unavailable(answer.error(), copy);
    }
    if (const auto tasks = (*history)->tasks(RunId{1}); !tasks) {
      EXPECT_THAT(tasks.error().code,
                  ::testing::AnyOf(Errc::history_unavailable, Errc::run_unknown));
    }
    (void)(*history)->samples("quick@1", 10);
  }
}

TEST_F(HistoryFaults, OfATruncatedFileNeverCrash) {
  write_run(1);
  std::filesystem::resize_file(file(), 2 * 4096 + 100);
  const auto history = open_sqlite_history(file());
  if (!history) return;
  EXPECT_FALSE((*history)->tasks(RunId{1}));
}

// -- several processes ----------------------------------------------------------------------------

TEST_F(HistoryFaults, OfAProcessThatIsKilledLoseNothingThatWasAnsweredFor) {
  Pipe answers;
  const pid_t child = in_child([&] {
    const auto history = open();
    history->start_run(record(1), two_tasks()).value();
    for (int i = 0;; ++i) {
      history->append(batch_of(RunId{1}, 0, 100, i)).value();
      if (::write(answers.write_end(), "+", 1) != 1) return;
    }
  });
  answers.close_write();
  constexpr std::size_t enough = 50;
  std::size_t answered = 0;
  char answer = 0;
  while (answered < enough && ::read(answers.read_end(), &answer, 1) == 1) ++answered;
  ::kill(child, SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(status_of(child)));
  while (::read(answers.read_end(), &answer, 1) == 1) ++answered;

  const auto history = open();
  const auto tasks = history->tasks(RunId{1}).value();
  EXPECT_GE(tasks.size(), answered * 100);
  EXPECT_EQ(tasks.size() % 100, 0u);  // A batch is there as a whole or not at all.
  EXPECT_TRUE(history->append(batch_of(RunId{1}, 0, 1)));
}

TEST_F(HistoryFaults, AreNoneWhenManyProcessesOpenANewFileAtOnce) {
  Pipe gate;
  std::vector<pid_t> children;
  for (std::uint64_t number = 1; number <= 8; ++number) {
    children.push_back(in_child([&] {
      gate.close_write();
      char nothing = 0;
      (void)!::read(gate.read_end(), &nothing, 1);  // Until the parent closes its end.
      const auto history = open();
      history->start_run(record(number), two_tasks()).value();
      for (int i = 0; i < 20; ++i) history->append(batch_of(RunId{number}, 0, 5)).value();
      history->finish_run(record(number)).value();
    }));
  }
  gate.close_write();
  for (const pid_t child : children) EXPECT_EQ(status_of(child), 0);

  const auto history = open();
  EXPECT_THAT(history->runs(100, "").value(), SizeIs(8));
  EXPECT_THAT(history->samples("quick@1", 10'000).value(), SizeIs(800));
}

TEST_F(HistoryFaults, AreNoneWhenOneReadsWhileAnotherWrites) {
  write_run(1);
  const auto reader = open();
  SqliteDatabase writer{file()};
  SqliteTransaction transaction{writer};
  writer.execute("DELETE FROM runs");
  // The other's transaction is open: what it did is not seen yet, and nobody waits for it.
  EXPECT_THAT(reader->tasks(RunId{1}).value(), SizeIs(10));
  transaction.commit();
  EXPECT_EQ(reader->tasks(RunId{1}).error().code, Errc::run_unknown);
}

}  // namespace
}  // namespace weft
