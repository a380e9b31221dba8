# Finds msgpack-c's C++ headers and defines weft::msgpack, without the Boost that the headers can
# do without and that msgpack's own CMake configuration insists on.

find_path(WEFT_MSGPACK_INCLUDE_DIR msgpack.hpp)
mark_as_advanced(WEFT_MSGPACK_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(WeftMsgpack REQUIRED_VARS WEFT_MSGPACK_INCLUDE_DIR)

if(WeftMsgpack_FOUND AND NOT TARGET weft::msgpack)
  add_library(weft::msgpack INTERFACE IMPORTED)
  target_include_directories(weft::msgpack INTERFACE ${WEFT_MSGPACK_INCLUDE_DIR})
  target_compile_definitions(weft::msgpack INTERFACE MSGPACK_NO_BOOST)
endif()
