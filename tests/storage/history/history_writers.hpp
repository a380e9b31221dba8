#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/history/history_fixture.hpp"

namespace weft::test {

/// Some threads, each of which writes a run through its own handle or a shared one, while another
/// reads.
inline void write_and_read(const std::function<std::shared_ptr<HistoryStore>()>& handle) {
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
  EXPECT_THAT(history->runs(10, "").value(), ::testing::SizeIs(writers));
  for (std::uint64_t number = 1; number <= writers; ++number) {
    EXPECT_THAT(history->tasks(RunId{number}).value(), ::testing::SizeIs(batches * 10));
  }
  EXPECT_THAT(history->samples("quick@1", 10'000).value(),
              ::testing::SizeIs(writers * batches * 10));
}

}  // namespace weft::test
