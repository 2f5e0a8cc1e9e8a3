# What to build, how strictly, and with which sanitizer.
find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
find_package(CLI11 QUIET)
find_package(fmt QUIET)
find_package(nlohmann_json QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PCAP QUIET IMPORTED_TARGET libpcap)
endif()
find_package(GTest QUIET)
find_package(benchmark QUIET)

# ixy_part(OPTION what [EMBEDDED] PACKAGES... NEEDS variables...): OPTION is ON (a missing library is an error), OFF, or
# AUTO: built where its libraries are installed; inside another project only with EMBEDDED.
function(ixy_part option what)
  cmake_parse_arguments(part "EMBEDDED" "" "PACKAGES;NEEDS" ${ARGN})
  set(${option} AUTO CACHE STRING "Build the ${what}: ON, OFF, or AUTO (where their libraries are installed)")
  set(found ON)
  foreach(variable ${part_NEEDS})
    if(NOT ${variable})
      set(found OFF)
    endif()
  endforeach()
  list(JOIN part_PACKAGES " " packages)
  set(value ${${option}})
  if(value STREQUAL AUTO)
    set(value OFF)
    if(PROJECT_IS_TOP_LEVEL OR part_EMBEDDED)
      set(value ${found})
      if(NOT found)
        message(STATUS "The ${what} are left out: they need ${packages}")
      endif()
    endif()
  elseif(value AND NOT found)
    message(FATAL_ERROR "The ${what} need ${packages}; or leave them out: -D${option}=OFF")
  endif()
  set(${option} ${value} PARENT_SCOPE)
endfunction()

# ixy::sim. Inside another project it is compiled only when a target links it.
ixy_part(IXY_SIM "software NICs, ixy::sim," EMBEDDED PACKAGES nlohmann-json3-dev libpcap-dev pkg-config
         NEEDS nlohmann_json_FOUND PCAP_FOUND)
ixy_part(IXY_PROGRAMS programs PACKAGES libcli11-dev libfmt-dev nlohmann-json3-dev libpcap-dev pkg-config
         NEEDS CLI11_FOUND fmt_FOUND IXY_SIM)
# The tests run the programs too.
ixy_part(IXY_TESTS tests PACKAGES libgtest-dev libgmock-dev "and what the programs need" NEEDS GTest_FOUND IXY_PROGRAMS)
ixy_part(IXY_BENCHMARKS benchmarks PACKAGES libbenchmark-dev NEEDS benchmark_FOUND)

option(IXY_WERROR "Treat warnings as errors" OFF)
add_library(ixy_warnings INTERFACE)
target_compile_options(ixy_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wno-missing-field-initializers)
# Where files are compiled together (CMAKE_UNITY_BUILD), one would be said to shadow names of another.
target_compile_options(ixy_warnings INTERFACE $<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wshadow>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # At -O3 it mistakes "text" + std::string for a copy that overlaps itself: GCC bug 105651, fixed in GCC 13.
  target_compile_options(ixy_warnings INTERFACE $<$<CONFIG:Release>:-Wno-restrict>)
endif()
if(IXY_WERROR)
  target_compile_options(ixy_warnings INTERFACE -Werror)
endif()

set(IXY_SANITIZE "" CACHE STRING "Sanitizers: empty, address,undefined or thread")
if(IXY_SANITIZE)
  add_compile_options(-fsanitize=${IXY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${IXY_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    # Its check of virtual calls opens a pipe, and reports every object as broken when no more files can be opened. Some
    # tests use up all file descriptors.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
# clang++'s fuzzers look for inputs that reach new code, which the instrumented libraries report. They are built only in
# trees with the address sanitizer, which detects errors.
set(IXY_FUZZ OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang AND IXY_SANITIZE MATCHES address)
  set(IXY_FUZZ ON)
endif()
function(ixy_guide_fuzzers target)
  if(IXY_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
if(IXY_SANITIZE STREQUAL thread AND EXISTS /proc/sys/vm/mmap_rnd_bits)
  # Older thread sanitizers put their shadow memory where newer kernels' 32 random bits may place a program.
  file(READ /proc/sys/vm/mmap_rnd_bits random_bits)
  if(random_bits GREATER 28)
    set(CMAKE_CROSSCOMPILING_EMULATOR setarch -R)
  endif()
endif()
