#pragma once

#include <cstdint>
#include <vector>

namespace weft {

/// Tells which scopes of a graph enclose which, in constant time, however deep they nest.
class ScopeTree {
public:
  ScopeTree() : ScopeTree(std::vector<std::uint32_t>(1)) {}

  /// @param parents of each scope; that of scope 0 counts for nothing
  /// @pre the parent of every other scope is numbered before it
  explicit ScopeTree(const std::vector<std::uint32_t>& parents)
    : first_(parents.size()), sizes_(parents.size(), 1) {
    for (std::size_t scope = parents.size(); scope-- > 1;) sizes_[parents[scope]] += sizes_[scope];
    // Scopes are numbered anew so that those inside of one follow it directly.
    std::vector<std::uint32_t> next(parents.size(), 1);
    for (std::size_t scope = 1; scope < parents.size(); ++scope) {
      const std::uint32_t parent = parents[scope];
      first_[scope] = next[parent];
      next[parent] += sizes_[scope];
      next[scope] = first_[scope] + 1;
    }
  }

  /// Whether `inner` is `outer`, or inside of it.
  [[nodiscard]] bool encloses(std::uint32_t outer, std::uint32_t inner) const {
    return first_[inner] >= first_[outer] && first_[inner] < first_[outer] + sizes_[outer];
  }

private:
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> sizes_;  ///< Scopes inside of each, itself included.
};

}  // namespace weft
