// SPDX-License-Identifier: MIT
// What a configuration depends on outside its own text. Passed in, so that parsing is pure and can be tested.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace mqttcan::config {

struct Environment {
    std::string hostname;    ///< for {hostname}
    std::string machine_id;  ///< for {machine_id}; empty if the machine has none
    /// Folder of the credentials that systemd gave this process (systemd.exec(5)); empty: it gave none.
    /// Unset: not known, for another process is asking.
    std::optional<std::string> credentials = {};
    /// Whether a file can be opened for reading; the error's code says why not. Unset: every file can.
    std::function<Result<void>(const std::string& path)> readable = {};
};

/// gethostname(2), /etc/machine-id, $CREDENTIALS_DIRECTORY, open(2).
Environment system_environment();

/// Fills in {hostname} and {machine_id}. Fails with a sentence on any other brace.
Result<std::string> fill_in(std::string_view text, const Environment&);

}  // namespace mqttcan::config
