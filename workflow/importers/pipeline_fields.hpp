#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/importers/problem_list.hpp"
#include "weft/workflow/importers/text_template.hpp"
#include "weft/workflow/importers/yaml_document.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// Reads nodes of a pipeline's file; what is not as it should be becomes a problem with its place.
class PipelineFields {
public:
  PipelineFields(std::string origin, ProblemList& problems)
    : origin_(std::move(origin)), problems_(problems) {}

  /// @param hint what to do next; may be empty
  void problem(SourcePlace place, std::string_view what, std::string hint = {});
  /// An error that was made elsewhere, put in its place.
  void problem(SourcePlace place, const Error& error);

  /// Whether there are so many problems that further ones are only counted.
  [[nodiscard]] bool full() const { return problems_.full(); }

  /// Whether the node is a mapping whose keys are all out of `known`. Other keys are problems.
  bool check_map(const YamlNode& node, std::string_view what,
                 const std::vector<std::string>& known);
  bool check_list(const YamlNode& node, std::string_view what);

  /// The text of a scalar. Nothing, and a problem, otherwise.
  std::optional<std::string> text(const YamlNode& node, std::string_view what);
  std::optional<TextTemplate> text_template(const YamlNode& node, std::string_view what);
  /// A name of 1 to `max_name` letters, digits, `_` and `-`.
  bool check_name(std::string_view name, SourcePlace place, std::string_view what);
  std::optional<Nanos> duration(const YamlNode& node, std::string_view what);
  std::optional<double> number(const YamlNode& node, std::string_view what, double least,
                               double most);
  std::optional<std::int64_t> integer(const YamlNode& node, std::string_view what,
                                      std::int64_t least, std::int64_t most);
  std::optional<bool> flag(const YamlNode& node, std::string_view what);
  /// One text, or a list of them.
  std::vector<std::string> texts(const YamlNode& node, std::string_view what);

  /// `pipeline.task` is the name of a function, which may have 128 characters.
  static constexpr std::size_t max_name = 60;

private:
  std::string origin_;
  ProblemList& problems_;
};

/// What a node is, in words: `a list`.
[[nodiscard]] std::string_view kind_in_words(const YamlNode& node);

/// `did you mean a, b?`, or all of `known`, or nothing when there are too many.
[[nodiscard]] std::string suggestion(std::string_view typed, const std::vector<std::string>& known);

/// Whether a plain scalar is a whole number, and which.
[[nodiscard]] std::optional<std::int64_t> whole_number(std::string_view text);
/// Whether a plain scalar is a finite number, and which.
[[nodiscard]] std::optional<double> real_number(std::string_view text);

}  // namespace weft
