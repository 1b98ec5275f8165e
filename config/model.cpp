// SPDX-License-Identifier: MIT
#include "config/model.hpp"

#include <algorithm>

namespace mqttcan::config {

const Broker& Config::broker_of(const Bus& bus) const {
    // The loader has made sure that it exists.
    return *std::ranges::find(brokers, bus.broker, &Broker::name);
}

}  // namespace mqttcan::config
