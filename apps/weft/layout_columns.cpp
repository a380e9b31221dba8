#include "weft/apps/weft/layout_columns.hpp"

#include <algorithm>
#include <iterator>

namespace weft::cli {

LayoutColumns::LayoutColumns(const std::vector<LayoutSize>& nodes,
                             const std::vector<std::uint32_t>& columns,
                             const std::vector<LayoutEdge>& edges, const LayoutOptions& options)
  : options_(options), node_count_(nodes.size()) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    add_item({.size = nodes[i], .column = columns[i]});
  }
  for (const auto& [from, to] : edges) {
    std::vector<std::uint32_t> chain{from};
    for (std::uint32_t column = columns[from] + 1; column < columns[to]; ++column) {
      chain.push_back(add_item({.joint = true, .column = column}));
    }
    chain.push_back(to);
    for (std::size_t i = 1; i < chain.size(); ++i) link(chain[i - 1], chain[i]);
    chains_.push_back(std::move(chain));
  }
  number_places();
}

std::uint32_t LayoutColumns::add_item(Item item) {
  const auto index = static_cast<std::uint32_t>(items_.size());
  if (columns_.size() <= item.column) columns_.resize(item.column + 1);
  columns_[item.column].push_back(index);
  items_.push_back(std::move(item));
  return index;
}

void LayoutColumns::link(std::uint32_t from, std::uint32_t to) {
  items_[from].after.push_back(to);
  items_[to].before.push_back(from);
}

void LayoutColumns::number_places() {
  for (const auto& column : columns_) {
    for (std::size_t i = 0; i < column.size(); ++i) {
      items_[column[i]].place = static_cast<double>(i);
    }
  }
}

void LayoutColumns::sort_column(std::vector<std::uint32_t>& column, Side side) {
  std::vector<std::pair<double, std::uint32_t>> keyed;
  for (const std::uint32_t index : column) {
    const auto& next = neighbours(items_[index], side);
    double sum = 0;
    for (const std::uint32_t other : next) sum += items_[other].place;
    keyed.emplace_back(next.empty() ? items_[index].place : sum / static_cast<double>(next.size()),
                       index);
  }
  std::ranges::stable_sort(keyed, {}, &std::pair<double, std::uint32_t>::first);
  for (std::size_t i = 0; i < keyed.size(); ++i) {
    column[i] = keyed[i].second;
    items_[column[i]].place = static_cast<double>(i);
  }
}

void LayoutColumns::reduce_crossings() {
  auto best = columns_;
  std::uint64_t fewest = crossings();
  for (int sweep = 0; sweep < options_.sweeps && fewest > 0; ++sweep) {
    if (sweep % 2 == 0) {
      for (std::size_t i = 1; i < columns_.size(); ++i) sort_column(columns_[i], Side::before);
    } else {
      for (std::size_t i = columns_.size(); i-- > 1;) sort_column(columns_[i - 1], Side::after);
    }
    const std::uint64_t now = crossings();
    if (now >= fewest) continue;
    fewest = now;
    best = columns_;
  }
  columns_ = std::move(best);
  number_places();
}

std::uint64_t LayoutColumns::crossings() const {
  std::uint64_t count = 0;
  for (const auto& column : columns_) count += crossings_behind(column);
  return count;
}

/// Counts pairs of lines out of order with a Fenwick tree over the places of the next column.
std::uint64_t LayoutColumns::crossings_behind(const std::vector<std::uint32_t>& column) const {
  std::vector<std::size_t> ends;
  for (const std::uint32_t index : column) {
    const std::size_t first = ends.size();
    for (const std::uint32_t other : items_[index].after) {
      ends.push_back(static_cast<std::size_t>(items_[other].place));
    }
    std::sort(ends.begin() + static_cast<std::ptrdiff_t>(first), ends.end());
  }
  if (ends.empty()) return 0;
  std::vector<std::uint64_t> tree(*std::ranges::max_element(ends) + 2, 0);
  std::uint64_t count = 0;
  for (std::size_t seen = 0; seen < ends.size(); ++seen) {
    std::uint64_t not_below = 0;
    for (std::size_t i = ends[seen] + 1; i > 0; i &= i - 1) not_below += tree[i];
    count += seen - not_below;
    for (std::size_t i = ends[seen] + 1; i < tree.size(); i += i & (~i + 1)) ++tree[i];
  }
  return count;
}

double LayoutColumns::distance(const Item& upper, const Item& lower) const {
  const double gap = upper.joint || lower.joint ? options_.line_gap : options_.row_gap;
  return (upper.size.height + lower.size.height) / 2 + gap;
}

/// Puts each item of a column as near to its neighbours' middle as the order allows: a
/// least-squares fit under the distances, solved by pooling items that push one another.
void LayoutColumns::align(const std::vector<std::uint32_t>& column, Side side) {
  struct Block {
    double sum = 0;
    double weight = 0;
    std::size_t count = 0;
    [[nodiscard]] double mean() const { return sum / weight; }
  };
  std::vector<double> offsets;
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < column.size(); ++i) {
    const Item& item = items_[column[i]];
    offsets.push_back(i == 0 ? 0 : offsets.back() + distance(items_[column[i - 1]], item));
    const auto& next = neighbours(item, side);
    double middle = 0;
    for (const std::uint32_t other : next) middle += items_[other].center;
    const double wanted = next.empty() ? item.center : middle / static_cast<double>(next.size());
    // Bends of lines disturb more than nodes off their middle; nodes without lines hardly matter.
    const double weight = next.empty() ? 0.1 : item.joint ? 4.0 : 1.0;
    blocks.push_back({(wanted - offsets.back()) * weight, weight, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() > blocks.back().mean()) {
      const Block last = blocks.back();
      blocks.pop_back();
      blocks.back().sum += last.sum;
      blocks.back().weight += last.weight;
      blocks.back().count += last.count;
    }
  }
  std::size_t i = 0;
  for (const Block& block : blocks) {
    for (std::size_t n = 0; n < block.count; ++n, ++i) {
      items_[column[i]].center = block.mean() + offsets[i];
    }
  }
}

void LayoutColumns::straighten() {
  for (const auto& column : columns_) {
    for (std::size_t i = 1; i < column.size(); ++i) {
      Item& item = items_[column[i]];
      const Item& above = items_[column[i - 1]];
      item.center = above.center + distance(above, item);
    }
  }
  for (int sweep = 0; sweep < options_.sweeps; ++sweep) {
    for (std::size_t i = 1; i < columns_.size(); ++i) align(columns_[i], Side::before);
    for (std::size_t i = columns_.size(); i-- > 1;) align(columns_[i - 1], Side::after);
  }
}

void LayoutColumns::close_gaps() {
  std::vector<std::pair<double, double>> taken;  // From and to, of nodes and of lines.
  for (const Item& item : items_) {
    taken.emplace_back(item.center - item.size.height / 2, item.center + item.size.height / 2);
    for (const std::uint32_t other : item.after) {
      taken.push_back(std::minmax(item.center, items_[other].center));
    }
  }
  if (taken.empty()) return;
  std::ranges::sort(taken);
  std::vector<std::pair<double, double>> shifts;  // From where on, and by how much in all.
  double end = taken.front().second;
  double shift = 0;
  for (const auto& [from, to] : taken) {
    if (from > end + options_.row_gap) {
      shift += from - end - options_.row_gap;
      shifts.emplace_back(from, shift);
    }
    end = std::max(end, to);
  }
  for (Item& item : items_) {
    const double top = item.center - item.size.height / 2;
    const auto next = std::ranges::upper_bound(shifts, top, {}, &std::pair<double, double>::first);
    if (next != shifts.begin()) item.center -= std::prev(next)->second;
  }
}

GraphLayout LayoutColumns::layout() const {
  GraphLayout layout;
  std::vector<double> lefts;
  std::vector<double> widths;
  for (const auto& column : columns_) {
    double width = 0;
    for (const std::uint32_t index : column) width = std::max(width, items_[index].size.width);
    lefts.push_back(lefts.empty() ? 0 : lefts.back() + widths.back() + options_.column_gap);
    widths.push_back(width);
  }
  double top = 0;
  double bottom = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    top = i == 0 ? item.center - item.size.height / 2
                 : std::min(top, item.center - item.size.height / 2);
    bottom = i == 0 ? item.center + item.size.height / 2
                    : std::max(bottom, item.center + item.size.height / 2);
  }
  for (std::size_t i = 0; i < node_count_; ++i) {
    const Item& item = items_[i];
    layout.nodes.push_back({lefts[item.column], item.center - item.size.height / 2 - top});
  }
  for (const auto& chain : chains_) {
    std::vector<LayoutPoint> points;
    for (std::size_t i = 0; i < chain.size(); ++i) {
      const Item& item = items_[chain[i]];
      const double left = lefts[item.column];
      const double width = item.joint ? widths[item.column] : item.size.width;
      if (i > 0) points.push_back({left, item.center - top});
      if (i + 1 < chain.size()) points.push_back({left + width, item.center - top});
    }
    layout.edges.push_back(std::move(points));
  }
  if (!lefts.empty()) layout.size = {lefts.back() + widths.back(), bottom - top};
  return layout;
}

}  // namespace weft::cli
