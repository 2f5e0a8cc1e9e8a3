# Messages to the vfio-user server. The card's frame and the chip's model are part of what is under test.
file(GLOB vfio_user_sources RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/sim/vfio_user/*.cpp)
set(frame_sources card clock config_space event_file interrupts iommu report)
list(TRANSFORM frame_sources PREPEND sim/)
list(TRANSFORM frame_sources APPEND .cpp)
ixy_fuzzer(vfio_user SOURCES ${vfio_user_sources} ${frame_sources} ${e1000_sources}
           LIBRARIES ixy nlohmann_json::nlohmann_json)
