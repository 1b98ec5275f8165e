// SPDX-License-Identifier: MIT
// From a configuration file and its drop-ins to validated values. Every fault is found in one go and named
// with file, line, column, JSON pointer, reason and cure; nothing is half-applied. Only where a file cannot
// be read, or is no JSON, other faults have to wait: what it says could be their cure. parse() does no I/O
// but what Environment brings; load() reads the files. Neither logs nor throws. Any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.hpp"
#include "config/fault.hpp"
#include "config/model.hpp"
#include "config/sources.hpp"

namespace mqttcan::config {

struct Outcome {
    std::optional<Config> config;  ///< engaged if, and only if, there is no fault
    std::vector<Fault> faults;     ///< in the order of the files
    std::vector<Fault> warnings;   ///< the same
};

/// `file` stands in messages, and relative paths begin at its folder.
Outcome parse(std::string_view text, const std::string& file, const Environment&);

/// A configuration, which comes first, and what is laid over it. What is in no file of its own (a folder that
/// cannot be read, say) stops it like a file that is no JSON.
Outcome parse(std::span<const Source>, const Environment&);

/// The file and its drop-ins; "-" reads standard input, which has none.
Outcome load(const std::string& path, const Environment&);

}  // namespace mqttcan::config
