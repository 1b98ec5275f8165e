if(NOT TARGET mqttcan_plan)
  include(${PROJECT_SOURCE_DIR}/daemon/supervisor/plan.cmake)
endif()
mqttcan_unit_test(plan SOURCES plan_test.cpp plan_kinds_test.cpp plan_vxcan_test.cpp plan_controller_test.cpp
                               plan_serial_test.cpp plan_convergence_test.cpp plan_world.cpp
                               plan_disturbance_test.cpp plan_dropped_test.cpp perform_test.cpp
                       LINK mqttcan::plan mqttcan::fakes)
mqttcan_unit_test(netlink SOURCES netlink_test.cpp device_test.cpp fake_links_test.cpp
                   LINK mqttcan::netlink mqttcan::fakes)
target_link_libraries(unit_netlink PRIVATE PkgConfig::LIBNL)  # it looks into messages
