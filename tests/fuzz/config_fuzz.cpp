// SPDX-License-Identifier: MIT
// libFuzzer target for the configuration loader: any bytes give either a configuration or faults that can be
// printed, never a crash. A byte 0x1e (record separator, which no JSON holds) begins the next drop-in. Build
// as a fuzzer (Debian: clang-19, libclang-rt-19-dev):
//   clang++-19 -std=c++23 -g -O1 -fsanitize=fuzzer,address,undefined -I. -o config_fuzz
//     tests/fuzz/config_fuzz.cpp config/*.cpp base/can_id.cpp base/names.cpp
//   ./config_fuzz NEW_CORPUS tests/golden/config/valid tests/golden/config/invalid
// With MQTTCAN_FUZZ_REPLAY it has a main() that runs every file below the folders it is given.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.hpp"
#include "config/load.hpp"

// The name and signature that libFuzzer wants.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mqttcan::config;
    const Environment machine{"box", "0123abcd", {}};
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    std::vector<Source> sources;
    for (bool more = true; more;) {
        const std::size_t end = rest.find('\x1e');
        sources.push_back({"/etc/" + std::to_string(sources.size()), std::string(rest.substr(0, end))});
        more = end != std::string_view::npos;
        rest.remove_prefix(more ? end + 1 : rest.size());
    }
    const Outcome outcome = parse(sources, machine);
    if (outcome.config.has_value() != outcome.faults.empty()) {
        std::abort();
    }
    for (const Fault& fault : outcome.faults) {
        if (fault.line < 1 || fault.column < 1 || !mqttcan::is_mqtt_string(to_string(fault))) {
            std::abort();
        }
    }
    return 0;
}

#ifdef MQTTCAN_FUZZ_REPLAY
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>

int main(int argc, char** argv) {
    std::size_t count = 0;
    for (const char* folder : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            if (entry.is_regular_file()) {
                std::ifstream in(entry.path(), std::ios::binary);
                const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
                LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
                ++count;
            }
        }
    }
    std::cout << count << " files\n";
    return count > 0 ? 0 : 1;
}
#endif
