# Installs the tree built in `build` into the empty folder `prefix` and checks the result.
file(REMOVE_RECURSE ${prefix})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${prefix} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

foreach(file include/ixy/core/packet.hpp include/ixy/pci/function.hpp include/ixy/nic/device.hpp include/ixy/datasheet/register.hpp
             include/ixy/sim/function.hpp include/ixy/sim/wires/wire.hpp
             bin/ixy-fwd bin/ixy-pktgen bin/ixy-pcap)
  if(NOT EXISTS ${prefix}/${file})
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()

# Our warning options and the location of the build tree must not leak to users.
file(GLOB_RECURSE described ${prefix}/*.cmake ${prefix}/*.pc)
foreach(file ${described})
  file(READ ${file} text)
  if(text MATCHES "-W[a-z]|ixy_warnings" OR text MATCHES "${build}")
    message(FATAL_ERROR "${file} leaks a build detail to users: ${CMAKE_MATCH_0}")
  endif()
endforeach()
