// SPDX-License-Identifier: MIT
// How a user names a network namespace other than ours. A value; whether there is such a namespace only the
// kernel knows, now, and perhaps differently a moment later.
#pragma once

#include <compare>
#include <string>

namespace mqttcan {

/// Exactly one of the two is set.
struct NetworkNamespace {
    std::string path = {};  ///< absolute: /run/netns/NAME, or any other file bound to a namespace
    int pid = 0;            ///< of a process that lives in it, as our PID namespace numbers it

    std::string str() const { return pid != 0 ? "process " + std::to_string(pid) : path; }
    auto operator<=>(const NetworkNamespace&) const = default;
};

}  // namespace mqttcan
