#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weft {

/// What a trace says that may tell which kind of task one is.
struct CategoryClues {
  std::optional<std::string_view> category;  ///< The kind itself.
  std::string_view name;
  std::string_view id;                      ///< Unique; at times the same as the name.
  std::optional<std::string_view> program;  ///< A program, or a whole script.
};

/// The kind of a task: tasks of one kind are predicted from one another. Systems record it in
/// different places: as such; as the name, where an id tells tasks of one name apart; as the
/// program; or only as the beginning of the name, before a counter.
[[nodiscard]] std::string category_of(const CategoryClues& clues);

}  // namespace weft
