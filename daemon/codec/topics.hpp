// SPDX-License-Identifier: MIT
// The topic tree of a bus and of a connection (docs/wire-format.md). Pure; any thread.
#pragma once

#include <string>

#include "base/names.hpp"

namespace mqttcan::codec {

/// T/: what the server publishes below, one level per ID.
inline std::string frames_prefix(const Topic& topic) {
    return topic.str() + '/';
}

/// T/s/: what clients publish below to ask for a frame on the bus.
inline std::string write_prefix(const Topic& topic) {
    return topic.str() + "/s/";
}

/// T/mqttcan/status/: the server's is one level below, the clients' are two.
inline std::string status_prefix(const Topic& topic) {
    return topic.str() + "/mqttcan/status/";
}

inline std::string server_status_topic(const Topic& topic) {
    return status_prefix(topic) + "server";
}

inline std::string client_status_topic(const Topic& topic, const std::string& client_id) {
    return topic.str() + "/mqttcan/status/client/" + client_id;
}

inline std::string connection_status_topic(const std::string& client_id) {
    return "mqttcan/" + client_id + "/status";
}

}  // namespace mqttcan::codec
