// SPDX-License-Identifier: MIT
// The supervisor's status as the parameters of a Varlink reply (interface.cpp describes them), and back.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/log_history.hpp"
#include "daemon/supervisor/status.hpp"

namespace mqttcan::control {

std::string to_json(const supervisor::Status&);
/// None if it is not what to_json() of this version makes.
std::optional<supervisor::Status> parse_status(const std::string& json);

/// A line of the log, as in the reply of GetLog.
std::string to_json(const LogLine&);

/// As syslog(3) calls them: "error", "warning", "notice", "info", "debug".
std::string_view name(Severity);
std::optional<Severity> parse_severity(std::string_view name);

}  // namespace mqttcan::control
