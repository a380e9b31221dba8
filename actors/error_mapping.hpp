#pragma once

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include "weft/workflow/error.hpp"

namespace weft {

/// Our errors as CAF's, to be carried by replies, and back. Nothing is lost on the way; an error of
/// CAF's own becomes `internal` with its text.
[[nodiscard]] caf::error to_caf(Error error);
[[nodiscard]] Error from_caf(const caf::error& error);

}  // namespace weft
