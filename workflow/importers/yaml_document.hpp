#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/error.hpp"
#include "weft/workflow/importers/source_place.hpp"

namespace weft {

/// How large a YAML document from outside may be.
struct YamlLimits {
  std::size_t bytes = 16u << 20;
  std::size_t depth = 64;
  std::size_t nodes = 2'000'000;
};

struct YamlEntry;

/// One node of a document. Scalars stay text: what they mean is for the reader to say, so that
/// `no` or `1.10` never become something else on the way.
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  bool quoted = false;  ///< Of a scalar: it is text, whatever it looks like.
  std::string text;     ///< Of a scalar.
  std::vector<YamlNode> items;
  std::vector<YamlEntry> entries;  ///< In the order of the file; no two keys alike.
  SourcePlace place;

  /// The value of a key; nothing if there is none.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

struct YamlEntry {
  std::string key;
  SourcePlace place;
  YamlNode value;
};

/// Reads one YAML document: mappings with text keys, lists and scalars. Anchors, aliases, tags,
/// merge keys, duplicate keys and further documents are refused.
///
/// Fails with `invalid_file`, or `limit_exceeded` beyond the limits; the message begins with
/// `origin:line:column`.
[[nodiscard]] Result<YamlNode> parse_yaml(std::string_view text, std::string_view origin,
                                          const YamlLimits& limits = {});

}  // namespace weft
