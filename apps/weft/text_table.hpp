#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weft/apps/weft/text_style.hpp"

namespace weft::cli {

enum class Align : std::uint8_t { left, right };

struct TextColumn {
  std::string title;
  Align align = Align::left;
};

/// Rows of text in columns that are as wide as their widest cell, two spaces apart.
class TextTable {
public:
  explicit TextTable(std::vector<TextColumn> columns) : columns_(std::move(columns)) {}

  /// @pre as many cells as columns
  void add(std::vector<std::string> cells);

  [[nodiscard]] bool empty() const { return rows_.empty(); }

  /// One line for the titles, unless all are empty, and one a row, each ended by a line break.
  [[nodiscard]] std::string text(const TextStyle& style, std::size_t indent = 0) const;

private:
  [[nodiscard]] std::string line(const std::vector<std::string>& cells,
                                 const std::vector<std::size_t>& widths, std::size_t indent) const;

  std::vector<TextColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace weft::cli
