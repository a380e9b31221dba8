# The build id: a number that differs whenever code of weft and code of a module might disagree on
# what an object looks like.
#
# It is made of the text of every public header, the version and the compiler, when weft is built;
# `build_id.hpp` adds what the compiler says of itself wherever it is included. Few files include it,
# since all of them are compiled again with every change of a public header.

set(weft_public_headers ${PROJECT_SOURCE_DIR}/runtime/weft.hpp)
foreach(folder IN ITEMS workflow planning storage actors runtime)
  get_target_property(headers weft_${folder} WEFT_PUBLIC_HEADERS)
  list(TRANSFORM headers PREPEND ${PROJECT_SOURCE_DIR}/${folder}/)
  list(APPEND weft_public_headers ${headers})
endforeach()

# A file, since the names of all headers are too long for some command lines.
set(weft_header_list ${PROJECT_BINARY_DIR}/public_headers.txt)
list(JOIN weft_public_headers "\n" lines)
file(CONFIGURE OUTPUT ${weft_header_list} CONTENT "${lines}\n" @ONLY)

set(weft_build_id_header ${weft_include_dir}/weft/build_id.hpp)
add_custom_command(OUTPUT ${weft_build_id_header}
  COMMAND ${CMAKE_COMMAND} -DHEADERS=${weft_header_list} -DSOURCE=${PROJECT_SOURCE_DIR}
    -DVERSION=${PROJECT_VERSION}
    "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
    -DTEMPLATE=${PROJECT_SOURCE_DIR}/cmake/build_id.hpp.in -DOUTPUT=${weft_build_id_header}
    -P ${PROJECT_SOURCE_DIR}/cmake/build_id.cmake
  DEPENDS ${weft_public_headers} ${weft_header_list}
    ${PROJECT_SOURCE_DIR}/cmake/build_id.cmake ${PROJECT_SOURCE_DIR}/cmake/build_id.hpp.in
  COMMENT "Computing the build id" VERBATIM)
add_custom_target(weft_build_id DEPENDS ${weft_build_id_header})
# Whatever links weft is compiled after it.
add_dependencies(weft_workflow weft_build_id)
