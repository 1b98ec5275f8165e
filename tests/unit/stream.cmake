# Tests of format `stream` beside those of its room: another codec of it, and hostile messages.
add_executable(stream_dump stream_dump.cpp)
target_link_libraries(stream_dump PRIVATE mqttcan::codec)
find_program(MQTTCAN_PYTHON python3 REQUIRED PATHS /usr/bin NO_DEFAULT_PATH)
add_test(NAME unit.stream_codecs_agree
         COMMAND ${MQTTCAN_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/stream_test.py $<TARGET_FILE:stream_dump>)
set_tests_properties(unit.stream_codecs_agree PROPERTIES LABELS unit TIMEOUT 120)
