#pragma once

#include <cstdint>
#include <vector>

#include "weft/workflow/graph.hpp"

namespace weft {

/// What the expansion of one scope touches outside of it: worked out once per run, so that making
/// rows does not walk the graph for each of them. Tasks are named as in the graph.
struct ScopeFacts {
  /// A template that waits for a task outside of the scope.
  struct OuterWait {
    std::uint32_t position = 0;  ///< Of the template within its scope.
    TaskId task;
  };

  /// A task around the scope that gathers some of its templates.
  struct Gatherer {
    TaskId task;
    std::vector<std::uint32_t> positions;  ///< Of the templates, each once.
  };

  /// How many templates read the element of a map: the map of the scope, or one further out.
  struct ItemUse {
    TaskId map;
    std::uint32_t uses = 0;
  };

  /// Outputs that the map of the scope keeps until it is done, besides its list, for its rows.
  std::vector<TaskId> retained;
  std::vector<OuterWait> waits;
  std::vector<Gatherer> gatherers;
  std::vector<ItemUse> item_uses;
  /// By position: the maps whose elements the template reads or keeps for its rows, each once.
  std::vector<std::vector<TaskId>> items_read;
};

/// By number of the scope; that of scope 0 is empty.
[[nodiscard]] std::vector<ScopeFacts> scope_facts(const Graph& graph);

}  // namespace weft
