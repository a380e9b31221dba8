# How a module is built: a shared library with functions for weft (docs/modules.md).

# weft_add_module(<target>
#   SOURCES <file>...
#   [LIBRARIES <library>...])   what its functions need
#
# Builds lib<target>.so. Its copy of weft's workflow library is linked into it and hidden, so that it
# needs nothing of the program that loads it, and gives nothing to other modules.
function(weft_add_module target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "weft_add_module(${target}): write "
      "weft_add_module(<target> SOURCES <file>... [LIBRARIES <library>...]).")
  endif()
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/weft_module.map)
  add_library(${target} MODULE ${arg_SOURCES})
  set_target_properties(${target} PROPERTIES
    PREFIX lib
    SUFFIX .so
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${map})
  target_link_libraries(${target} PRIVATE weft::workflow ${arg_LIBRARIES})
  # What is missing is said now, not when somebody loads it.
  target_link_options(${target} PRIVATE LINKER:--version-script=${map} LINKER:-z,defs)
endfunction()
