#include "weft/runtime/actor_messages.hpp"

#include <caf/init_global_meta_objects.hpp>

#include "weft/actors/type_ids.hpp"

namespace weft {

void announce_messages() {
  static const bool once = [] {
    caf::core::init_global_meta_objects();
    caf::init_global_meta_objects<caf::id_block::weft>();
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace weft
