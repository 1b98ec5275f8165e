// SPDX-License-Identifier: MIT
// What the supervisor knows of its buses and brokers at one moment, for whoever asks. Values; any thread.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "daemon/codec/status.hpp"

namespace mqttcan::supervisor {

struct BrokerStatus {
    std::string name;  ///< of the entry; of a bus that has a connection of its own "ENTRY-BUS"
    std::string url;   ///< "mqtts://broker.example.com:8883"
    std::string client_id;
    bool connected = false;
    std::string protocol = {};  ///< "MQTT 5"; empty while not connected
    std::string problem = {};   ///< why it is not, or is deaf, as far as that is known
    Duration since{};           ///< how long it has been so
};

enum class BusState {
    online,   ///< frames cross
    offline,  ///< no connection to the broker, or nothing that it sends can be heard or believed
    waiting,  ///< for its interface, or it cannot be used
    dropped,  ///< by hand
};

struct BusStatus {
    std::string name;
    std::string interface;  ///< empty while it is not known
    std::string_view kind;
    std::string_view role;
    std::string topic;
    std::string broker;  ///< name of its connection, as in BrokerStatus
    std::vector<std::string_view> formats;
    BusState state = BusState::waiting;
    std::string reason = {};  ///< of any state but online
    std::string server = {};  ///< what the server of a client says; empty: unknown
    std::optional<codec::ControllerStatus> controller{};  ///< none on a virtual link
    std::optional<codec::RoundTrip> round_trip{};         ///< clients of format stream
    codec::BusCounters counters{};
};

struct Status {
    std::string version = {};
    Duration uptime{};
    std::vector<BrokerStatus> brokers = {};
    std::vector<BusStatus> buses = {};  ///< in the order of the configuration, connection by connection
};

/// The bus that a person means: by its name, or else by its interface; null if there is none.
inline const BusStatus* find_bus(const Status& status, std::string_view named) {
    auto found = std::ranges::find(status.buses, named, &BusStatus::name);
    if (found == status.buses.end()) {
        found = std::ranges::find(status.buses, named, &BusStatus::interface);
    }
    return found == status.buses.end() ? nullptr : &*found;
}

constexpr std::string_view name(BusState state) {
    switch (state) {
        case BusState::online:
            return "online";
        case BusState::offline:
            return "offline";
        case BusState::waiting:
            return "waiting";
        case BusState::dropped:
            return "dropped";
    }
    return {};
}

}  // namespace mqttcan::supervisor
