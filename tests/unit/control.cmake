# Tests of the room daemon/control/: calls and framing; the socket itself, in a folder of its own.
mqttcan_unit_test(control
  SOURCES
    control_dispatch_test.cpp
    control_interface_test.cpp
    control_server_test.cpp
    control_session_test.cpp
    status_json_test.cpp
  LINK mqttcan::control nlohmann_json::nlohmann_json)

# The fuzz target over golden requests, to keep it building; as a fuzzer it is built with clang (see there).
add_executable(control_fuzz_replay ${PROJECT_SOURCE_DIR}/tests/fuzz/control_fuzz.cpp)
target_compile_definitions(control_fuzz_replay PRIVATE MQTTCAN_FUZZ_REPLAY)
target_link_libraries(control_fuzz_replay PRIVATE mqttcan::control)
add_test(NAME unit.control_fuzz_replay
         COMMAND control_fuzz_replay ${PROJECT_SOURCE_DIR}/tests/golden/control)
set_tests_properties(unit.control_fuzz_replay PROPERTIES LABELS unit)

# Where systemd brings varlinkctl along (Debian 13).
find_program(MQTTCAN_VARLINKCTL varlinkctl)
if(MQTTCAN_VARLINKCTL)
  find_program(MQTTCAN_PYTHON python3 REQUIRED PATHS /usr/bin NO_DEFAULT_PATH)
  add_test(NAME unit.varlinkctl
           COMMAND ${MQTTCAN_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/varlinkctl_test.py $<TARGET_FILE:mqttcand>)
  set_tests_properties(unit.varlinkctl PROPERTIES LABELS unit TIMEOUT 120)
endif()
