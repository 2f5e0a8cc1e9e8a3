target_sources(ixy_sim PRIVATE ${CMAKE_CURRENT_LIST_DIR}/card.cpp ${CMAKE_CURRENT_LIST_DIR}/clock.cpp
                               ${CMAKE_CURRENT_LIST_DIR}/config_space.cpp ${CMAKE_CURRENT_LIST_DIR}/interrupts.cpp
                               ${CMAKE_CURRENT_LIST_DIR}/iommu.cpp ${CMAKE_CURRENT_LIST_DIR}/card_types.cpp
                               ${CMAKE_CURRENT_LIST_DIR}/card_thread.cpp ${CMAKE_CURRENT_LIST_DIR}/function.cpp
                               ${CMAKE_CURRENT_LIST_DIR}/address.cpp ${CMAKE_CURRENT_LIST_DIR}/open.cpp
                               ${CMAKE_CURRENT_LIST_DIR}/watched.cpp ${CMAKE_CURRENT_LIST_DIR}/event_file.cpp)
