# The libraries that weft is built on.

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED) # Before CAF, whose own configuration asks for threads only.
include(FindWeftCaf)
find_package(WeftMsgpack REQUIRED)
find_package(WeftHiredis REQUIRED)
find_package(Boost 1.74 REQUIRED) # Headers: Asio.
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Boost 1.74 REQUIRED) # Headers only.
if(WEFT_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(WEFT_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
