#pragma once

#include <cstdint>
#include <string>

// What the module does: plain C++ that knows nothing of weft. Types of your own belong into this
// namespace, too: values are told apart by the full names of their types, in all modules together.
namespace starter {

/// Throws std::out_of_range when the square does not fit.
std::int64_t square(std::int64_t number);

std::string greet(const std::string& name);

}  // namespace starter
