// SPDX-License-Identifier: MIT
// The retained status objects (docs/wire-format.md, section 3) as JSON text. Pure; any thread.
#pragma once

#include <string>

#include "daemon/codec/counters.hpp"

namespace mqttcan::codec {

/// mqttcan/<client id>/status. Its will is the same object with state "offline".
struct ConnectionStatus {
    std::string session;  ///< random, new with each process
    std::string state;    ///< "online" or "offline"
    std::string version;
};

/// T/mqttcan/status/server and T/mqttcan/status/client/<client id>.
struct BusStatus {
    std::string session;
    std::string state;      ///< "online", "waiting" (for its link), "offline" (on a clean stop)
    std::string bus;        ///< its name in the configuration of the host that speaks
    std::string role;       ///< "server" or "client"
    std::string interface;  ///< empty while there is none
    bool time_synchronized = false;
    std::string version;
    std::string connection;  ///< topic of the connection's status; empty if it has none
    BusCounters counters;
};

std::string to_json(const ConnectionStatus&);
std::string to_json(const BusStatus&);

}  // namespace mqttcan::codec
