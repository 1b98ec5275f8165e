// SPDX-License-Identifier: MIT
// A thing that is wrong in a configuration (or, as a warning, that is risky in it), and where it stands.
// Plain value, any thread. `what` holds the reason and the cure; no control characters are in it.
#pragma once

#include <string>

namespace mqttcan::config {

struct Fault {
    std::string file;
    int line = 0;         ///< from 1; 0: the fault lies in no line (the file is missing, say)
    int column = 0;       ///< from 1, in characters as an editor counts them
    std::string pointer;  ///< JSON pointer (RFC 6901) of the value or key; empty: the whole document
    std::string what;
};

/// "/etc/mqttcan.json:14:18: /buses/truck/topic: reason; cure".
std::string to_string(const Fault&);

}  // namespace mqttcan::config
