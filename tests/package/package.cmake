# Plays the foreign project's part: install, configure, build, run. Each step ends the script with
# its output if it fails.
cmake_minimum_required(VERSION 3.25)

set(prefix ${SCRATCH}/prefix)
file(REMOVE_RECURSE ${prefix} ${SCRATCH}/consumer ${SCRATCH}/parcels)

execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET
  COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

# Every installed header, each after the others: what a host may include in any order.
file(GLOB_RECURSE headers RELATIVE ${prefix}/include ${prefix}/include/weft/*.hpp)
list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>")
list(JOIN headers "\n" includes)
file(WRITE ${SCRATCH}/every_header.cpp "${includes}\n")

execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET
  COMMAND ${CMAKE_COMMAND} -S ${CONSUMER} -B ${SCRATCH}/consumer -G ${GENERATOR}
    -DCMAKE_BUILD_TYPE=${CONFIG} -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_PREFIX_PATH=${prefix}
    -DWEFT_VERSION=${VERSION} -DEVERY_HEADER=${SCRATCH}/every_header.cpp)
execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND ${CMAKE_COMMAND} --build ${SCRATCH}/consumer)
execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND ${SCRATCH}/consumer/consumer)

# What a newcomer does: a project for a module, built against what was installed.
set(weft ${prefix}/bin/weft)
set(project ${SCRATCH}/parcels)
execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET COMMAND ${weft} new -q ${project})
# GCC 12 takes the default options of a harness for uninitialized, at -O3 only.
set(warnings "-Wall -Wextra -Wpedantic -Werror -Wno-maybe-uninitialized")
execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET
  COMMAND ${CMAKE_COMMAND} -S ${project} -B ${project}/build -G ${GENERATOR}
    -DCMAKE_BUILD_TYPE=${CONFIG} -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_PREFIX_PATH=${prefix}
    "-DCMAKE_CXX_FLAGS=${warnings}")
execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND ${CMAKE_COMMAND} --build ${project}/build)
execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${project}/build --output-on-failure)
execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE shown
  COMMAND ${weft} module show ${project}/build/libparcels.so -o json)
string(JSON module GET "${shown}" 0 module)
string(JSON functions LENGTH "${shown}" 0 functions)
if(NOT "${module} ${functions}" STREQUAL "parcels@1 2")
  message(FATAL_ERROR "the module that was built is shown as\n${shown}")
endif()
execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET ERROR_QUIET
  COMMAND ${weft} run --module ${project}/build/libparcels.so ${project}/pipeline.yaml
    --history :memory: --work-dir ${SCRATCH}/parcels-work)
file(READ ${project}/result.txt result)
if(NOT result STREQUAL "49\nHello, weft!\n")
  message(FATAL_ERROR "the pipeline of the new project made\n${result}")
endif()
