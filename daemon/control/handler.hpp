// SPDX-License-Identifier: MIT
// What the control socket can ask of the daemon: the seam between this room and whoever does the work.
// Answers are values, given once to a function, at once or later. The loop's thread.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace mqttcan::control {

struct Done {};
/// The configuration is bad, nothing was changed; each fault as `mqttcan check` prints it.
struct Faults {
    std::vector<std::string> list;
};
struct Failure {
    std::string reason;
};
using ReloadResult = std::variant<Done, Faults, Failure>;
using ReloadDone = std::function<void(const ReloadResult&)>;

class Handler {
  public:
    virtual ~Handler() = default;
    /// Reads the configuration again and makes it true, then calls `done` once: before this returns, or
    /// later, when whoever asked may be gone.
    virtual void reload(ReloadDone done) = 0;
};

}  // namespace mqttcan::control
