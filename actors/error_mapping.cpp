#include "weft/actors/error_mapping.hpp"

#include <caf/deep_to_string.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>
#include <caf/typed_message_view.hpp>

#include "weft/actors/type_ids.hpp"

namespace weft {

caf::error to_caf(Error error) {
  // CAF wants a code of its own; ours travels in the context.
  return caf::error{caf::sec::runtime_error, caf::make_message(std::move(error))};
}

Error from_caf(const caf::error& error) {
  const caf::message context = error.context();
  if (auto view = caf::make_const_typed_message_view<Error>(context)) return caf::get<0>(view);
  return {.code = Errc::internal, .message = "an actor did not answer: " + caf::to_string(error)};
}

}  // namespace weft
