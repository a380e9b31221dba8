# One static library per source folder, and the include scheme "weft/<folder>/<file>.hpp".

# In the tree, <build>/include/weft/<folder> is a symbolic link to the source folder, so that code
# reads the same here and in a host that includes the installed headers.
set(weft_include_dir ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${weft_include_dir}/weft)
foreach(folder IN ITEMS workflow planning storage actors runtime)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder} ${weft_include_dir}/weft/${folder} SYMBOLIC)
endforeach()
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/runtime/weft.hpp ${weft_include_dir}/weft/weft.hpp SYMBOLIC)

# weft_add_library(<folder>
#   SOURCES <file>...         what is compiled, listed one by one
#   PUBLIC_HEADERS <file>...  what is installed
#   PUBLIC <library>...       what its headers need
#   PRIVATE <library>...)     what only its sources need
#
# Defines weft_<folder>, known to others as weft::<folder>.
function(weft_add_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC_HEADERS;PUBLIC;PRIVATE")
  if(NOT arg_SOURCES)
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/no_sources.cpp CONTENT "")
    set(arg_SOURCES ${CMAKE_CURRENT_BINARY_DIR}/no_sources.cpp)
  endif()
  set(target weft_${folder})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(weft::${folder} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${folder}
    WEFT_PUBLIC_HEADERS "${arg_PUBLIC_HEADERS}")
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${weft_include_dir}> $<INSTALL_INTERFACE:include>)
  target_link_libraries(${target}
    PUBLIC ${arg_PUBLIC}
    PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:weft_compile_options>)
endfunction()

# weft_precompile(<target> <header>...)  or  weft_precompile(<target> LIKE <other target>)
#
# Precompiles headers for a target, or lets it use those of a target that is compiled alike. Only
# under WEFT_PRECOMPILE_HEADERS: it takes a third off a build from nothing, but a source file that
# includes too little compiles all the same, so the release build goes without.
function(weft_precompile target)
  if(NOT WEFT_PRECOMPILE_HEADERS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LIKE" "")
  if(arg_LIKE)
    target_precompile_headers(${target} REUSE_FROM ${arg_LIKE})
  else()
    target_precompile_headers(${target} PRIVATE ${arg_UNPARSED_ARGUMENTS})
  endif()
  # Lets ccache see what a precompiled header was made from.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()
