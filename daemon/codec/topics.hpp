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

/// T/mqttcan/rx, format `stream`: where the server publishes.
inline constexpr const char* kRxLevel = "rx";
inline std::string rx_prefix(const Topic& topic) {
    return topic.str() + "/mqttcan/";
}
inline std::string rx_topic(const Topic& topic) {
    return rx_prefix(topic) + kRxLevel;
}

/// T/mqttcan/backfill, format `stream`: where a server publishes what it could not in time. Nobody of us
/// listens.
inline std::string backfill_topic(const Topic& topic) {
    return topic.str() + "/mqttcan/backfill";
}

/// T/mqttcan/tx/, format `stream`: what clients publish below, one level per client.
inline std::string tx_prefix(const Topic& topic) {
    return topic.str() + "/mqttcan/tx/";
}

inline std::string tx_topic(const Topic& topic, const std::string& client_id) {
    return tx_prefix(topic) + client_id;
}

/// T/mqttcan/peer/, format `stream`: what peers publish below, one level per peer.
inline std::string peer_prefix(const Topic& topic) {
    return topic.str() + "/mqttcan/peer/";
}

inline std::string peer_topic(const Topic& topic, const std::string& client_id) {
    return peer_prefix(topic) + client_id;
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

inline std::string peer_status_topic(const Topic& topic, const std::string& client_id) {
    return topic.str() + "/mqttcan/status/peer/" + client_id;
}

inline std::string connection_status_topic(const std::string& client_id) {
    return "mqttcan/" + client_id + "/status";
}

}  // namespace mqttcan::codec
