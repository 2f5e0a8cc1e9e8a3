# Installs the library with a CMake package, find_package(ixy), and a pkg-config file. (The programs: apps/.)
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/ixy)

foreach(folder datasheet core pci explain faults nic)
  install(DIRECTORY ixy/${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ixy/${folder} FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(TARGETS ixy EXPORT ixy ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT ixy NAMESPACE ixy:: DESTINATION ${package_folder} FILE ixy-targets.cmake)

# The software NICs, ixy::sim, if they were built; programs that link them need libpcap.
set(install_sim OFF)
if(TARGET ixy_sim AND PROJECT_IS_TOP_LEVEL)
  set(install_sim ON)
  install(DIRECTORY ixy/sim/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ixy/sim FILES_MATCHING PATTERN "*.hpp")
  install(TARGETS ixy_sim EXPORT ixy-sim ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT ixy-sim NAMESPACE ixy:: DESTINATION ${package_folder} FILE ixy-sim-targets.cmake)
endif()

configure_package_config_file(cmake/ixy-config.cmake.in ${PROJECT_BINARY_DIR}/ixy-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ixy-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ixy-config.cmake ${PROJECT_BINARY_DIR}/ixy-config-version.cmake DESTINATION ${package_folder})

# The prefix is derived from the file's own location, so `cmake --install build --prefix DIR` and moved trees work too.
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE libdir)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${libdir}/pkgconfig OUTPUT_VARIABLE pc_prefix)
set(pc_files ixy.pc)
if(install_sim)
  list(APPEND pc_files ixy-sim.pc)
endif()
foreach(file ${pc_files})
  configure_file(cmake/${file}.in ${PROJECT_BINARY_DIR}/${file} @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
