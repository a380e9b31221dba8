#pragma once

#include "weft/workflow/registry.hpp"

namespace weft::test {

template <class... Functions>
Registry registry_of(const Functions&... functions) {
  Registry all;
  (all.add(functions), ...);
  return all;
}

}  // namespace weft::test
