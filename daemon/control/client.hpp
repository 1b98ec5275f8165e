// SPDX-License-Identifier: MIT
// The tool's end of the control socket: one connection, one call, one answer. Blocks, for as long as it is
// told at most. Errors hold the cure: who may call, how a daemon is started. Any thread.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "daemon/control/handler.hpp"

namespace mqttcan::control {

struct Reply {
    std::string error;       ///< "org.mqttcan.Failed"; empty if the call was good
    std::string parameters;  ///< a JSON object
};

/// `method`: "org.mqttcan.Reload"; `parameters`: a JSON object. An error means that there was no reply:
/// timed_out, permission_denied, connection_refused (nobody listens), ...
Result<Reply> call(const std::string& path, const std::string& method, const std::string& parameters,
                   Duration timeout);

/// Reload, with its answer as a value.
Result<ReloadResult> reload(const std::string& path, Duration timeout);

}  // namespace mqttcan::control
