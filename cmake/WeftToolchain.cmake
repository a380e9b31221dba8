# How everything is compiled: language, warnings, sanitizers, ccache, where results go.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

# -O3 buys nothing measurable here and costs compile time; line tables are enough for a stack trace.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1 -D_GLIBCXX_ASSERTIONS")

# ccache needs to be told that a precompiled header may stand for its text, and that two build
# folders of one checkout compile the same thing. It compares included files as they are (depend
# mode), not preprocessed text: a precompiled header knows its files by their checksums, comments
# and all, and one made before a comment changed would include that file a second time. The name
# space keeps results of the other mode out.
find_program(WEFT_CCACHE ccache)
if(WEFT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
    CCACHE_NAMESPACE=weft-depend
    ${WEFT_CCACHE})
endif()

# Compile options of our own targets; never passed on to a host that links weft.
add_library(weft_compile_options INTERFACE)
target_compile_options(weft_compile_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wcast-align -Wold-style-cast -Wextra-semi
  -Wno-missing-field-initializers # Options structs are meant to be filled in part.
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wno-restrict> # GCC PR 105651.
  # Files that are compiled together see each other's local names.
  $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-shadow>
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wno-subobject-linkage>
  $<$<BOOL:${WEFT_WARNINGS_AS_ERRORS}>:-Werror>)

if(WEFT_SANITIZE STREQUAL "asan")
  # Without the checks of every pointer that is used: the address sanitizer and the processor stop
  # at bad ones too, and they would double the time of compiling.
  set(weft_sanitizer_flags -fsanitize=address,undefined -fno-sanitize-recover=undefined
    -fno-sanitize=null,alignment,object-size,vptr)
elseif(WEFT_SANITIZE STREQUAL "tsan")
  set(weft_sanitizer_flags -fsanitize=thread)
  # The sanitizer cannot follow fences; Asio's say nothing that its locks do not say too.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
elseif(NOT WEFT_SANITIZE STREQUAL "")
  message(FATAL_ERROR "WEFT_SANITIZE is '${WEFT_SANITIZE}'; choose asan, tsan or nothing.")
endif()
if(WEFT_SANITIZE)
  add_compile_options(${weft_sanitizer_flags} -fno-omit-frame-pointer)
  add_link_options(${weft_sanitizer_flags})
endif()

