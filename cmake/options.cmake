# What to build, how strictly, and with which sanitizer.
find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)

option(IXY_WERROR "Treat warnings as errors" OFF)
set(IXY_SANITIZE "" CACHE STRING "Sanitizers: empty, address,undefined or thread")

# The programs, tests and benchmarks are built by default where their libraries are installed.
find_package(CLI11 QUIET)
find_package(fmt QUIET)
find_package(nlohmann_json QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PCAP QUIET IMPORTED_TARGET libpcap)
endif()
find_package(GTest QUIET)
find_package(benchmark QUIET)

if(CLI11_FOUND AND fmt_FOUND AND nlohmann_json_FOUND AND PCAP_FOUND)
  set(have_programs ON)
else()
  set(have_programs OFF)
  message(STATUS "Programs are left out: they need libcli11-dev, libfmt-dev, nlohmann-json3-dev, libpcap-dev and pkg-config")
endif()
option(IXY_PROGRAMS "Build the programs" ${have_programs})
include(CMakeDependentOption)
cmake_dependent_option(IXY_TESTS "Build the tests" ON "PROJECT_IS_TOP_LEVEL;GTest_FOUND" OFF)
cmake_dependent_option(IXY_BENCHMARKS "Build the benchmarks" ON "PROJECT_IS_TOP_LEVEL;benchmark_FOUND" OFF)

add_library(ixy_warnings INTERFACE)
target_compile_options(ixy_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-missing-field-initializers)
if(IXY_WERROR)
  target_compile_options(ixy_warnings INTERFACE -Werror)
endif()

if(IXY_SANITIZE)
  add_compile_options(-fsanitize=${IXY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${IXY_SANITIZE})
endif()
