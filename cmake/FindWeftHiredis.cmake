# Finds hiredis, whose Debian 12 package has no CMake configuration, and defines weft::hiredis.

find_path(WEFT_HIREDIS_INCLUDE_DIR hiredis/hiredis.h)
find_library(WEFT_HIREDIS_LIBRARY hiredis)
mark_as_advanced(WEFT_HIREDIS_INCLUDE_DIR WEFT_HIREDIS_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(WeftHiredis
  REQUIRED_VARS WEFT_HIREDIS_LIBRARY WEFT_HIREDIS_INCLUDE_DIR)

if(WeftHiredis_FOUND AND NOT TARGET weft::hiredis)
  add_library(weft::hiredis UNKNOWN IMPORTED)
  set_target_properties(weft::hiredis PROPERTIES
    IMPORTED_LOCATION ${WEFT_HIREDIS_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${WEFT_HIREDIS_INCLUDE_DIR})
endif()
