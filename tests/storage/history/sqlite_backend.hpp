#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <stdlib.h>

#include "storage/history/history_contract.hpp"

namespace weft::test {

/// A history in a file of its own, removed at the end.
class SqliteBackend final : public HistoryBackend {
public:
  static std::unique_ptr<HistoryBackend> make() { return std::make_unique<SqliteBackend>(); }

  SqliteBackend() {
    std::string pattern = ::testing::TempDir() + "/history-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SqliteBackend() override { std::filesystem::remove_all(folder_); }

  std::shared_ptr<HistoryStore> open(const HistoryOptions& options) override {
    return open_sqlite_history(folder_ / "history.db", options).value();
  }

private:
  std::filesystem::path folder_;
};

}  // namespace weft::test
