// SPDX-License-Identifier: MIT
#include "config/model.hpp"

#include <algorithm>

namespace mqttcan::config {

const Broker& Config::broker_of(const Bus& bus) const {
    // The loader has made sure that it exists.
    return *std::ranges::find(brokers, bus.broker, &Broker::name);
}

std::string_view name(Role role) {
    switch (role) {
        case Role::client:
            return "client";
        case Role::server:
            return "server";
        case Role::peer:
            return "peer";
    }
    return {};
}

std::string_view name(Kind kind) {
    switch (kind) {
        case Kind::vcan:
            return "vcan";
        case Kind::vxcan:
            return "vxcan";
        case Kind::can:
            return "can";
        case Kind::slcan:
            return "slcan";
        case Kind::existing:
            return "existing";
    }
    return {};
}

std::string_view name(Format format) {
    return format == Format::stream ? "stream" : "savvycan";
}

}  // namespace mqttcan::config
