// SPDX-License-Identifier: MIT
// What the control socket can ask of the daemon: the seam between this room and whoever does the work.
// Answers are values, given once to a function, at once or later. The loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/log_history.hpp"
#include "daemon/supervisor/status.hpp"

namespace mqttcan::control {

struct Done {};
/// The configuration is bad, nothing was changed; each fault as `mqttcan check` prints it.
struct Faults {
    std::vector<std::string> list;
};
struct Failure {
    std::string reason;
};
struct NoSuchBus {
    std::vector<std::string> known;  ///< names of those that there are
};
using ReloadResult = std::variant<Done, Faults, Failure>;
using ReloadDone = std::function<void(const ReloadResult&)>;
using SwitchResult = std::variant<Done, NoSuchBus, Failure>;
/// Others that are online; none while that is not known.
using PeerCount = std::optional<std::size_t>;
using CountResult = std::variant<PeerCount, NoSuchBus>;

/// Lines of the log, as far as they are remembered.
struct LogPart {
    std::uint64_t last = 0;    ///< number of the last line that there is
    std::uint64_t missed = 0;  ///< lines after the one that was named that are forgotten already
    std::vector<LogLine> lines = {};
};
using LogDone = std::function<void(const LogPart&)>;

class Handler {
  public:
    virtual ~Handler() = default;
    /// Reads the configuration again and makes it true, then calls `done` once: before this returns, or
    /// later, when whoever asked may be gone.
    virtual void reload(ReloadDone done) = 0;
    virtual supervisor::Status status() = 0;
    /// Stops or resumes the bus of that name, or with that interface.
    virtual SwitchResult set_dropped(const std::string& bus, bool dropped) = 0;
    /// How many others are online on the topic of the bus of that name, or with that interface. Asking makes
    /// the daemon listen to them for a while.
    virtual CountResult count_peers(const std::string& bus) = 0;
    /// Calls `done` once with the lines after that one, as soon as there are any; without a number at once,
    /// with none.
    virtual void log_after(std::optional<std::uint64_t> number, LogDone done) = 0;
    /// From now on nothing below it is logged.
    virtual void set_log_level(Severity lowest) = 0;
};

}  // namespace mqttcan::control
