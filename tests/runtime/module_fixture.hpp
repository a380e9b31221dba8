#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "weft/runtime/module.hpp"

namespace weft::test {

/// A module of tests/runtime/modules, as it was built.
inline std::filesystem::path module_file(const std::string& name) {
  return std::filesystem::path(WEFT_TEST_MODULES) / ("libmodule_" + name + ".so");
}

inline Registry with_module(const std::string& name) {
  Registry registry;
  load_module(registry, module_file(name)).value();
  return registry;
}

inline FunctionName function_named(std::string_view text) {
  return parse_function_name(text).value();
}

}  // namespace weft::test
