// SPDX-License-Identifier: MIT
// A status as a daemon with two buses would have it, for tests of those who pass it on and show it.
#pragma once

#include "daemon/supervisor/status.hpp"

namespace mqttcan::test {

inline supervisor::BusStatus some_bus(std::string name, std::string interface) {
    return {.name = std::move(name),
            .interface = std::move(interface),
            .kind = "vcan",
            .role = "client",
            .topic = "can",
            .broker = "default",
            .formats = {"savvycan"},
            .state = supervisor::BusState::online};
}

inline supervisor::Status some_status() {
    using namespace std::chrono_literals;
    supervisor::Status status;
    status.version = "1.2.3";
    status.uptime = 90s;
    status.brokers = {{.name = "default",
                       .url = "mqtt://127.0.0.1:1883",
                       .client_id = "box",
                       .connected = true,
                       .protocol = "MQTT 5",
                       .problem = {},
                       .since = 3720s}};
    supervisor::BusStatus engine = some_bus("engine", "can0");
    engine.kind = "can";
    engine.role = "server";
    engine.topic = "car7";
    engine.formats = {"savvycan", "stream"};
    engine.controller = {.state = "error-active",
                         .bitrate = 500'000,
                         .tx_errors = 1,
                         .rx_errors = 2,
                         .bus_errors = 3,
                         .bus_offs = 4};
    engine.round_trip = {12'300us, 45ms};
    engine.counters.from_bus = {.received = 1000, .passed = 990, .in_doubt = 2};
    engine.counters.from_bus.drop(codec::Drop::stale, 10);
    engine.counters.to_bus = {.received = 50, .passed = 47, .lost = 5};
    engine.counters.to_bus.drop(codec::Drop::late, 3);
    supervisor::BusStatus van = some_bus("van", "slcan0");
    van.kind = "slcan";
    van.role = "server";
    van.state = supervisor::BusState::waiting;
    van.reason = "waiting for /dev/ttyACM0, which does not exist yet: plug the adapter in";
    status.buses = {std::move(engine), std::move(van)};
    return status;
}

}  // namespace mqttcan::test
