# Installs the tree that was built in `build` into the empty folder `prefix`, and looks at what came out.
file(REMOVE_RECURSE ${prefix})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${prefix} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

foreach(file include/ixy/core/packet.hpp include/ixy/pci/function.hpp include/ixy/nic/device.hpp include/ixy/datasheet/register.hpp
             include/ixy/sim/function.hpp include/ixy/sim/wires/wire.hpp
             bin/ixy-fwd bin/ixy-pktgen bin/ixy-pcap)
  if(NOT EXISTS ${prefix}/${file})
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()

# Nobody else shall be forced to our warnings, or to where the tree was built.
file(GLOB_RECURSE described ${prefix}/*.cmake ${prefix}/*.pc)
foreach(file ${described})
  file(READ ${file} text)
  if(text MATCHES "-W[a-z]|ixy_warnings" OR text MATCHES "${build}")
    message(FATAL_ERROR "${file} holds more than users need: ${CMAKE_MATCH_0}")
  endif()
endforeach()
