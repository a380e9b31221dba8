#pragma once

#include <cstdint>

namespace weft {

// Whole numbers in bytes, the least significant first: the order that Lua's `struct.unpack("<I4")`
// reads in a store, whatever machine has written them. Compilers make one instruction of each.

inline void put_u32(char* at, std::uint32_t number) {
  for (int byte = 0; byte < 4; ++byte) at[byte] = static_cast<char>(number >> (8 * byte) & 0xff);
}

inline void put_u64(char* at, std::uint64_t number) {
  put_u32(at, static_cast<std::uint32_t>(number));
  put_u32(at + 4, static_cast<std::uint32_t>(number >> 32));
}

[[nodiscard]] inline std::uint32_t get_u32(const char* at) {
  std::uint32_t number = 0;
  for (int byte = 0; byte < 4; ++byte) {
    number |= std::uint32_t{static_cast<unsigned char>(at[byte])} << (8 * byte);
  }
  return number;
}

[[nodiscard]] inline std::uint64_t get_u64(const char* at) {
  return get_u32(at) | std::uint64_t{get_u32(at + 4)} << 32;
}

}  // namespace weft
