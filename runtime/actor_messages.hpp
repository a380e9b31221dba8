#pragma once

namespace weft {

/// Tells CAF of weft's messages: once in a process, before its first actor system. Thread-safe.
void announce_messages();

}  // namespace weft
