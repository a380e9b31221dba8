#include "weft/apps/weft/text_table.hpp"

#include <algorithm>

#include "weft/workflow/check.hpp"

namespace weft::cli {

void TextTable::add(std::vector<std::string> cells) {
  check(cells.size() == columns_.size(), "a row has a cell for each column");
  rows_.push_back(std::move(cells));
}

std::string TextTable::line(const std::vector<std::string>& cells,
                            const std::vector<std::size_t>& widths, std::size_t indent) const {
  std::string line(indent, ' ');
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(widths[i] - columns_of(cells[i]), ' ');
    if (i > 0) line += "  ";
    line += columns_[i].align == Align::right ? padding + cells[i] : cells[i] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string TextTable::text(const TextStyle& style, std::size_t indent) const {
  std::vector<std::string> titles;
  for (const TextColumn& column : columns_) titles.push_back(style.dim(column.title));
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_of(titles[i]);
    for (const auto& row : rows_) width = std::max(width, columns_of(row[i]));
    widths.push_back(width);
  }
  const bool titled =
    std::ranges::any_of(columns_, [](const TextColumn& column) { return !column.title.empty(); });
  std::string out = titled ? line(titles, widths, indent) : "";
  for (const auto& row : rows_) out += line(row, widths, indent);
  return out;
}

}  // namespace weft::cli
