// SPDX-License-Identifier: MIT
// What the sanitizers find inside Paho, which is not ours to mend. Linked into tests that use it; without a
// sanitizer nobody calls these.

/// A connection that breaks leaves behind what was being sent or received: some hundred bytes a time.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libpaho-mqtt3as.so\n";
}

/// The C++ library is not instrumented, so reference counts that it releases look like races. The C library
/// takes its heap's, its log's and its client's locks in any order, and one of them twice.
extern "C" const char* __tsan_default_suppressions() {
    return "race:libpaho-mqttpp3.so\n"
           "called_from_lib:libpaho-mqttpp3.so\n"
           "deadlock:libpaho-mqtt3as.so\n"
           "mutex:libpaho-mqtt3as.so\n";
}
