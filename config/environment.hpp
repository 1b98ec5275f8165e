// SPDX-License-Identifier: MIT
// What a configuration depends on outside its own text. Passed in, so that parsing is pure and can be tested.
#pragma once

#include <functional>
#include <string>

#include "base/error.hpp"

namespace mqttcan::config {

struct Environment {
    std::string hostname;    ///< for {hostname}
    std::string machine_id;  ///< for {machine_id}; empty if the machine has none
    /// Whether a file can be opened for reading; the error's code says why not. Unset: every file can.
    std::function<Result<void>(const std::string& path)> readable;
};

/// gethostname(2), /etc/machine-id, open(2).
Environment system_environment();

/// Fills in {hostname} and {machine_id}. Fails with a sentence on any other brace.
Result<std::string> fill_in(std::string_view text, const Environment&);

}  // namespace mqttcan::config
