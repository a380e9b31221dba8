// The program of the tests, which is also that of their worker processes.

#include <gtest/gtest.h>

#include "acceptance/functions.hpp"
#include "weft/runtime/worker_host.hpp"

int main(int argument_count, char** arguments) {
  if (const auto code =
        weft::run_worker_if_asked(argument_count, arguments, weft::test::functions_of)) {
    return *code;
  }
  testing::InitGoogleTest(&argument_count, arguments);
  return RUN_ALL_TESTS();
}
