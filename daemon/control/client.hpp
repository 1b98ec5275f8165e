// SPDX-License-Identifier: MIT
// The tool's end of the control socket: one connection, one call, one answer. Blocks, for as long as it is
// told at most. Errors hold the cure: who may call, how a daemon is started. Any thread.
#pragma once

#include <cstdint>
#include <optional>
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

/// What the daemon knows; of one bus if one is named (its name or that of its interface). The text is that of
/// the reply, for those who want JSON.
struct StatusReply {
    supervisor::Status status;
    std::string text;
};
Result<StatusReply> status(const std::string& path, const std::optional<std::string>& bus, Duration timeout);

/// Stops or resumes a bus.
Result<void> set_dropped(const std::string& path, const std::string& bus, bool dropped, Duration timeout);

/// Others that are online on a bus.
Result<PeerCount> count_peers(const std::string& path, const std::string& bus, Duration timeout);

Result<void> set_log_level(const std::string& path, Severity lowest, Duration timeout);

/// The log's lines after that one, as soon as there are any; timed_out if there is none in time. Without a
/// number that of the last line, at once.
Result<LogPart> log_after(const std::string& path, std::optional<std::uint64_t> number, Duration timeout);

/// Reload, with its answer as a value.
Result<ReloadResult> reload(const std::string& path, Duration timeout);

}  // namespace mqttcan::control
