# Installs the library with a CMake package, find_package(ixy), and a pkg-config file, and the programs.
include(CMakePackageConfigHelpers)

foreach(folder datasheet core pci nic)
  install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ixy/${folder} FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(TARGETS ixy EXPORT ixy ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS ixy_warnings EXPORT ixy)
install(EXPORT ixy NAMESPACE ixy:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ixy FILE ixy-targets.cmake)

file(WRITE ${PROJECT_BINARY_DIR}/ixy-config.cmake.in
     "@PACKAGE_INIT@\ninclude(CMakeFindDependencyMacro)\nfind_dependency(Threads)\ninclude(\"\${CMAKE_CURRENT_LIST_DIR}/ixy-targets.cmake\")\n")
configure_package_config_file(${PROJECT_BINARY_DIR}/ixy-config.cmake.in ${PROJECT_BINARY_DIR}/ixy-config.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ixy)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ixy-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ixy-config.cmake ${PROJECT_BINARY_DIR}/ixy-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ixy)

configure_file(cmake/ixy.pc.in ${PROJECT_BINARY_DIR}/ixy.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ixy.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
