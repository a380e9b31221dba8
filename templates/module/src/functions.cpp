#include "functions.hpp"

#include <stdexcept>

namespace starter {

std::int64_t square(std::int64_t number) {
  constexpr std::int64_t largest = 3'037'000'499;  // The root of the largest number that fits.
  if (number > largest || number < -largest) throw std::out_of_range{"too large to be squared"};
  return number * number;
}

std::string greet(const std::string& name) {
  return "Hello, " + name + "!";
}

}  // namespace starter
