#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "weft/workflow/error.hpp"
#include "weft/workflow/importers/source_place.hpp"

namespace weft {

/// What stands in `${...}`.
struct Reference {
  enum class Kind : std::uint8_t {
    parameter,  ///< `${params.n}`
    input,      ///< `${in.table}`
    output,     ///< `${out.table}`: the private path that a command writes an output to.
    item,       ///< `${item}`, or a part of it: `${item.name}`
    index,      ///< `${index}`: the item's place, counted from 0.
    task,       ///< `${split.parts}`, `${split}`, or of each item: `${resize.*.image}`
  };

  Kind kind = Kind::parameter;
  std::string task;    ///< Of `task`.
  std::string name;    ///< Of the parameter, input, output or part; may be empty for the last two.
  bool every = false;  ///< Of `task`: `*`.
  SourcePlace place;

  friend bool operator==(const Reference& a, const Reference& b) {
    return a.kind == b.kind && a.task == b.task && a.name == b.name && a.every == b.every;
  }
};

/// `resize.*.image`: as it stands between the braces.
[[nodiscard]] std::string to_string(const Reference& reference);

/// A text with references in it. `$${` stands for the two characters `${`.
struct TextTemplate {
  using Part = std::variant<std::string, Reference>;

  std::vector<Part> parts;
  SourcePlace place;

  /// The reference if the text is nothing else.
  [[nodiscard]] const Reference* only_reference() const;
  /// The text if there is no reference in it.
  [[nodiscard]] std::optional<std::string> constant() const;
  [[nodiscard]] bool empty() const { return parts.empty(); }

  template <class Visit>
  void each_reference(Visit&& visit) const {
    for (const Part& part : parts) {
      if (const auto* reference = std::get_if<Reference>(&part)) visit(*reference);
    }
  }

  friend bool operator==(const TextTemplate& a, const TextTemplate& b) {
    return a.parts == b.parts;
  }
};

/// As it was written.
[[nodiscard]] std::string to_string(const TextTemplate& text);

/// Where a reference stands in a text for the shell.
enum class ShellContext : std::uint8_t {
  word,        ///< Where a quoted word may stand.
  quoted,      ///< Inside of quotes or backquotes: what it stands for could end them.
  arithmetic,  ///< Inside of `$(( ))`, where only numbers are harmless.
};

/// Of each reference in the text, in order. Knows quotes, backquotes, comments, `$( )` and `$((
/// ))`; here-documents it takes for words.
[[nodiscard]] std::vector<ShellContext> shell_contexts(const TextTemplate& text);

/// Reads a text with references. Fails with `invalid_file` and what is wrong with it.
/// @param place where the text begins: references get places of their own, right as long as the
///              text is written on one line without escapes
[[nodiscard]] Result<TextTemplate> parse_template(std::string_view text, SourcePlace place);

}  // namespace weft
