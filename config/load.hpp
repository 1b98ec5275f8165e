// SPDX-License-Identifier: MIT
// From a configuration file to validated values. Every fault is found in one go and named with file, line,
// column, JSON pointer, reason and cure; nothing is half-applied. parse() does no I/O but what Environment
// brings; load() reads the file. Neither logs nor throws. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.hpp"
#include "config/fault.hpp"
#include "config/model.hpp"

namespace mqttcan::config {

struct Outcome {
    std::optional<Config> config;  ///< engaged if, and only if, there is no fault
    std::vector<Fault> faults;     ///< in the order of the file
    std::vector<Fault> warnings;   ///< the same
};

/// `file` stands in messages, and relative paths begin at its folder.
Outcome parse(std::string_view text, const std::string& file, const Environment&);

/// "-" reads standard input.
Outcome load(const std::string& path, const Environment&);

}  // namespace mqttcan::config
