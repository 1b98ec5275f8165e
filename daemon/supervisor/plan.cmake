# What to do about links, and doing it: without the rest of the room, so that it is tested alone.
mqttcan_room(plan SOURCES ${CMAKE_CURRENT_LIST_DIR}/plan.cpp ${CMAKE_CURRENT_LIST_DIR}/planner.cpp
                     ${CMAKE_CURRENT_LIST_DIR}/plan_vxcan.cpp ${CMAKE_CURRENT_LIST_DIR}/plan_controller.cpp
                     ${CMAKE_CURRENT_LIST_DIR}/perform.cpp
             LINK mqttcan::base mqttcan::netlink)
