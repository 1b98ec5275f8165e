// SPDX-License-Identifier: MIT
// Judges configurations given by name, for schema_test.py: one line each, "NAME valid" or "NAME invalid",
// then its faults, indented. Every file counts as readable: the corpus names files of no machine.
#include <iostream>
#include <span>

#include "config/load.hpp"

int main(int argc, char** argv) {
    const mqttcan::config::Environment machine{"box", "0123abcd", {}};
    for (const char* name : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
        const auto outcome = mqttcan::config::load(name, machine);
        std::cout << name << (outcome.config ? " valid" : " invalid") << '\n';
        for (const auto& fault : outcome.faults) {
            std::cout << "    " << to_string(fault) << '\n';
        }
    }
}
