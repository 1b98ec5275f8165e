// SPDX-License-Identifier: MIT
// From the configuration to what links and connections need: pure translation.
#pragma once

#include <vector>

#include "config/model.hpp"
#include "daemon/mqtt/connection.hpp"
#include "daemon/supervisor/host.hpp"
#include "daemon/supervisor/plan.hpp"

namespace mqttcan::supervisor {

/// One connection and the buses on it. A bus that accepts PyMQTT2CAN clients has one of its own: No Local
/// holds back only what the same connection published.
struct Line {
    std::string name;  ///< the same for the same line of another configuration
    config::Broker broker;
    mqtt::ConnectionSettings settings;
    std::vector<config::Bus> buses;
};

std::vector<Line> lines(const config::Config&, const Host&);

Desired desired_links(const config::Config&);

/// Topic of the bus's retained status.
std::string status_topic(const config::Bus&, const std::string& client_id);

}  // namespace mqttcan::supervisor
