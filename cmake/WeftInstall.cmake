# `cmake --install`: libraries, public headers, and what `find_package(weft)` reads.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(weft_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weft)

install(TARGETS weft_workflow weft_planning weft_storage weft_actors weft_runtime weft_weft
  EXPORT weftTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT weftTargets NAMESPACE weft:: DESTINATION ${weft_config_dir})

foreach(folder IN ITEMS workflow planning storage actors runtime)
  get_target_property(headers weft_${folder} WEFT_PUBLIC_HEADERS)
  foreach(header IN LISTS headers)
    cmake_path(GET header PARENT_PATH subfolder)
    install(FILES ${PROJECT_SOURCE_DIR}/${folder}/${header}
      DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/weft/${folder}/${subfolder})
  endforeach()
endforeach()
# The umbrella header and the build id stand one level higher, as in <build>/include.
install(FILES ${PROJECT_SOURCE_DIR}/runtime/weft.hpp ${weft_build_id_header}
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/weft)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/weftConfig.cmake.in
  ${PROJECT_BINARY_DIR}/weftConfig.cmake INSTALL_DESTINATION ${weft_config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weftConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/weftConfig.cmake
  ${PROJECT_BINARY_DIR}/weftConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindWeftHiredis.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindWeftMsgpack.cmake
  ${PROJECT_SOURCE_DIR}/cmake/WeftModule.cmake
  ${PROJECT_SOURCE_DIR}/cmake/weft_module.map
  DESTINATION ${weft_config_dir})
