// A library that was built against other headers: to load it would end the process.

#include <array>
#include <cstdlib>

namespace {

[[gnu::used, gnu::section("weft_build_id")]] constexpr std::array<char, 128> build_id{
  "0.0.9-0123456789abcdef-gcc12"};

[[gnu::constructor]] void end_process() {
  std::abort();
}

}  // namespace
