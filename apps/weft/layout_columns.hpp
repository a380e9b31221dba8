#pragma once

#include <cstdint>
#include <vector>

#include "weft/apps/weft/graph_layout.hpp"

namespace weft::cli {

/// Nodes in columns, with a joint in every column that an edge passes: the second half of
/// `lay_out`. Not thread-safe.
class LayoutColumns {
public:
  /// @param columns of each node; every edge leads to a later one
  LayoutColumns(const std::vector<LayoutSize>& nodes, const std::vector<std::uint32_t>& columns,
                const std::vector<LayoutEdge>& edges, const LayoutOptions& options);

  /// Orders each column by the places of its neighbours, and keeps the best order seen.
  void reduce_crossings();

  /// Moves nodes up and down, without changing their order, so that lines become straight.
  void straighten();

  /// Moves what lies below an empty band up: parts of a graph that nothing joins drift apart.
  void close_gaps();

  [[nodiscard]] GraphLayout layout() const;

private:
  /// A node of the graph, or a joint of an edge.
  struct Item {
    LayoutSize size;
    bool joint = false;
    std::uint32_t column = 0;
    std::vector<std::uint32_t> before;  ///< Neighbours in the column before.
    std::vector<std::uint32_t> after;   ///< Neighbours in the column after.
    double place = 0;                   ///< In its column, from 0.
    double center = 0;                  ///< Of its height.
  };

  enum class Side : std::uint8_t { before, after };

  std::uint32_t add_item(Item item);
  void link(std::uint32_t from, std::uint32_t to);
  void number_places();
  void sort_column(std::vector<std::uint32_t>& column, Side side);
  [[nodiscard]] std::uint64_t crossings() const;
  [[nodiscard]] std::uint64_t crossings_behind(const std::vector<std::uint32_t>& column) const;
  void align(const std::vector<std::uint32_t>& column, Side side);
  [[nodiscard]] double distance(const Item& upper, const Item& lower) const;
  [[nodiscard]] const std::vector<std::uint32_t>& neighbours(const Item& item, Side side) const {
    return side == Side::before ? item.before : item.after;
  }

  LayoutOptions options_;
  std::size_t node_count_;
  std::vector<Item> items_;                         ///< The nodes first.
  std::vector<std::vector<std::uint32_t>> chains_;  ///< Of each edge: its ends and joints.
  std::vector<std::vector<std::uint32_t>> columns_;
};

}  // namespace weft::cli
