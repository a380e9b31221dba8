#include "weft/workflow/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace weft {

void check_failed(std::string_view belief, const std::source_location& where) {
  // No allocation and no stream: memory may be what is broken.
  std::fprintf(stderr, "weft: broken belief: %.*s\n  in %s\n  at %s:%u\n",
               static_cast<int>(belief.size()), belief.data(), where.function_name(),
               where.file_name(), static_cast<unsigned>(where.line()));
  std::fflush(stderr);
  std::abort();
}

}  // namespace weft
