#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace weft::test {

/// Whether this run rewrites golden files, for a review to read the difference:
/// `WEFT_UPDATE_GOLDEN=1 ctest -L golden`.
inline bool updates_golden() {
  return std::getenv("WEFT_UPDATE_GOLDEN") != nullptr;
}

/// Expects `text` to be what the golden file of this name has. Files lie in `tests/golden`.
inline void expect_golden(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::path(WEFT_GOLDEN_DIR) / name;
  if (updates_golden()) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << "there is no " << path << "; make it with WEFT_UPDATE_GOLDEN=1";
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str()) << "differs from " << path
                                << "; if it should, rewrite it with WEFT_UPDATE_GOLDEN=1";
}

}  // namespace weft::test
