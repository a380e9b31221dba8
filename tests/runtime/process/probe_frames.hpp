#pragma once

#include "weft/runtime/pools/process/frame.hpp"

namespace weft::test {

/// What tests and the probe, their worker process, say to each other.
constexpr auto probe_order = FrameKind{16};   ///< What the probe is to do: `exit 3`.
constexpr auto probe_echo = FrameKind{17};    ///< Comes back as it is.
constexpr auto probe_answer = FrameKind{18};  ///< What an order has come to.

/// The variable that makes a probe start badly.
constexpr const char* probe_variable = "WEFT_TEST_PROBE";

}  // namespace weft::test
