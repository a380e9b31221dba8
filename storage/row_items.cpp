#include "weft/storage/row_items.hpp"

#include <iterator>

namespace weft {

void RowItems::add(TaskId first, std::vector<Value> items, std::uint32_t readers) {
  const std::size_t count = items.size();
  expansions_.emplace(first, Rows{.items = std::move(items),
                                  .readers = std::vector<std::uint32_t>(count, readers),
                                  .left = count});
}

void RowItems::retain(TaskId first, std::uint32_t row, std::uint32_t readers) {
  const auto found = expansions_.find(first);
  check(found != expansions_.end() && found->second.readers[row] > 0,
        "an element that gains readers is kept by one");
  found->second.readers[row] += readers;
}

Value RowItems::drop(TaskId first, std::uint32_t row) {
  const auto found = expansions_.find(first);
  check(found != expansions_.end() && found->second.readers[row] > 0,
        "a task that is done with an element was one of its readers");
  Rows& rows = found->second;
  if (--rows.readers[row] > 0) return {};
  Value item = std::move(rows.items[row]);
  if (--rows.left == 0) expansions_.erase(found);
  return item;
}

const Value& RowItems::at(TaskId first, std::uint32_t row) const {
  const auto found = expansions_.find(first);
  check(found != expansions_.end(), "the element of a task that may run is kept");
  return found->second.items[row];
}

std::vector<Value> RowItems::clear() {
  std::vector<Value> left;
  for (auto& [first, rows] : expansions_) {
    std::move(rows.items.begin(), rows.items.end(), std::back_inserter(left));
  }
  expansions_.clear();
  return left;
}

}  // namespace weft
