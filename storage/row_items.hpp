#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "weft/workflow/ids.hpp"
#include "weft/workflow/value.hpp"

namespace weft {

/// The elements of expanded maps, each kept until the last task that reads it is done. An expansion
/// is named by the number of its first task.
///
/// Owned by `MemoryRun`; not thread-safe.
class RowItems {
public:
  /// Keeps the elements of a new expansion for `readers` readers each.
  void add(TaskId first, std::vector<Value> items, std::uint32_t readers);

  /// Row `row` has `readers` more readers. @pre it has at least one
  void retain(TaskId first, std::uint32_t row, std::uint32_t readers);

  /// One reader of row `row` is done. Answers the element when it was the last one, else missing.
  [[nodiscard]] Value drop(TaskId first, std::uint32_t row);

  /// The element of row `row`. @pre it has at least one reader
  [[nodiscard]] const Value& at(TaskId first, std::uint32_t row) const;

  /// Forgets all; answers the elements that were left.
  [[nodiscard]] std::vector<Value> clear();

private:
  struct Rows {
    std::vector<Value> items;
    std::vector<std::uint32_t> readers;
    std::size_t left = 0;  ///< Rows that still have readers.
  };

  std::unordered_map<TaskId, Rows> expansions_;
};

}  // namespace weft
