# Tests of the room config/: its parts, the loader, the schema.
mqttcan_unit_test(config
  SOURCES
    config_broker_test.cpp
    config_bus_test.cpp
    config_drop_in_test.cpp
    config_flow_test.cpp
    config_format_test.cpp
    config_limits_test.cpp
    config_link_test.cpp
    config_load_test.cpp
    config_robustness_test.cpp
    config_schema_test.cpp
    config_settings_test.cpp
    config_syntax_test.cpp
    config_words_test.cpp
  LINK mqttcan::config nlohmann_json::nlohmann_json)
target_compile_definitions(unit_config PRIVATE MQTTCAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")

# The schema and the loader judge the same files alike.
add_executable(config_check config_check.cpp)
target_link_libraries(config_check PRIVATE mqttcan::config)
find_program(MQTTCAN_PYTHON python3 REQUIRED PATHS /usr/bin NO_DEFAULT_PATH)
add_test(NAME unit.config_schema_agrees
         COMMAND ${MQTTCAN_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/schema_test.py $<TARGET_FILE:config_check>)
set_tests_properties(unit.config_schema_agrees PROPERTIES LABELS unit)

# The fuzz target over the golden files, to keep it building; as a fuzzer it is built with clang (see there).
add_executable(config_fuzz_replay ${PROJECT_SOURCE_DIR}/tests/fuzz/config_fuzz.cpp)
target_compile_definitions(config_fuzz_replay PRIVATE MQTTCAN_FUZZ_REPLAY)
target_link_libraries(config_fuzz_replay PRIVATE mqttcan::config)
add_test(NAME unit.config_fuzz_replay
         COMMAND config_fuzz_replay ${PROJECT_SOURCE_DIR}/tests/golden/config ${PROJECT_SOURCE_DIR}/config)
set_tests_properties(unit.config_fuzz_replay PROPERTIES LABELS unit)
