# cmake -DHEADERS=<list> -DSOURCE=<folder> -DVERSION=<text> -DCOMPILER=<text> -DTEMPLATE=<file>
#       -DOUTPUT=<file> -P build_id.cmake
#
# Writes the header that holds the build id. The same sources give the same id in every folder.
cmake_minimum_required(VERSION 3.25)

file(STRINGS ${HEADERS} headers)
list(SORT headers)
file(SHA256 ${TEMPLATE} digest)
set(text "${VERSION}\n${COMPILER}\n${digest}\n")
foreach(header IN LISTS headers)
  file(SHA256 ${header} digest)
  cmake_path(RELATIVE_PATH header BASE_DIRECTORY ${SOURCE})
  string(APPEND text "${header} ${digest}\n")
endforeach()
string(SHA256 digest "${text}")
# 64 bits: enough to tell apart all headers that anybody will write.
string(SUBSTRING ${digest} 0 16 WEFT_HEADER_DIGEST)
set(WEFT_VERSION ${VERSION})
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
