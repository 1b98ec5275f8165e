# Tests of format `stream` beside those of its room: another codec of it, and hostile messages.
add_executable(stream_dump stream_dump.cpp)
target_link_libraries(stream_dump PRIVATE mqttcan::codec)
find_program(MQTTCAN_PYTHON python3 REQUIRED PATHS /usr/bin NO_DEFAULT_PATH)
add_test(NAME unit.stream_codecs_agree
         COMMAND ${MQTTCAN_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/stream_test.py $<TARGET_FILE:stream_dump>)
set_tests_properties(unit.stream_codecs_agree PROPERTIES LABELS unit TIMEOUT 300)

# The fuzz target over the golden vectors, to keep it building; as a fuzzer it is built with clang (see there).
add_executable(stream_fuzz_replay ${PROJECT_SOURCE_DIR}/tests/fuzz/stream_fuzz.cpp)
target_compile_definitions(stream_fuzz_replay PRIVATE MQTTCAN_FUZZ_REPLAY)
target_link_libraries(stream_fuzz_replay PRIVATE mqttcan::codec)
add_test(NAME unit.stream_fuzz_replay
         COMMAND stream_fuzz_replay ${PROJECT_SOURCE_DIR}/tests/golden/stream/vectors.json)
set_tests_properties(unit.stream_fuzz_replay PROPERTIES LABELS unit)
