#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "weft/workflow/error.hpp"
#include "weft/workflow/importers/problem_list.hpp"

namespace weft {

/// How deep and how long JSON text from outside may be.
struct JsonLimits {
  std::size_t depth = 64;
  std::size_t values = 10'000'000;
};

/// Parses JSON text that nobody vouches for, and whose value must be an object. Depth and length
/// are checked before the parser sees it. Fails with `limit_exceeded` or `invalid_file`; the
/// message says at which line and column, or in which object a member is there twice.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text, std::string_view origin,
                                                const JsonLimits& limits);

/// One value of a parsed document and its place there. It points to its document and to the field
/// around it, which must outlive it.
class JsonField {
public:
  explicit JsonField(const nlohmann::json& document) : value_(&document) {}

  [[nodiscard]] const nlohmann::json& value() const { return *value_; }

  /// The place as a JSON pointer: `/workflow/tasks/3/name`; `/` is the document itself.
  [[nodiscard]] std::string path() const;

  // -- reading: what is not there or of another type becomes a problem, named by its place --------

  /// A member that must be there; nothing when it is not.
  [[nodiscard]] std::optional<JsonField> member(std::string_view key, ProblemList& problems) const;
  /// A member that may be missing or null.
  [[nodiscard]] std::optional<JsonField> optional_member(std::string_view key) const;
  [[nodiscard]] JsonField item(std::size_t index) const;

  /// Number of items; 0, and a problem, if this is no list.
  [[nodiscard]] std::size_t items(ProblemList& problems) const;
  /// The text; nothing, and a problem, if this is no text or an empty one.
  [[nodiscard]] std::optional<std::string_view> text(ProblemList& problems) const;
  /// A number from 0 to `max`; nothing, and a problem, if this is none.
  [[nodiscard]] std::optional<double> number(double max, ProblemList& problems) const;

private:
  JsonField(const nlohmann::json& value, const JsonField* parent, std::string_view key,
            std::size_t index)
    : value_(&value), parent_(parent), key_(key), index_(index) {}

  void expected(std::string_view what, ProblemList& problems) const;

  const nlohmann::json* value_;
  const JsonField* parent_ = nullptr;
  std::string_view key_;  ///< Empty for an item of a list.
  std::size_t index_ = 0;
};

}  // namespace weft
