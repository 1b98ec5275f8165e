// SPDX-License-Identifier: MIT
#include "daemon/codec/status.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/codec/stream.hpp"

namespace mqttcan::codec {
namespace {

using nlohmann::ordered_json;

constexpr int kSchema = 1;

/// Names of interfaces may hold any bytes; what is not UTF-8 is replaced.
std::string dump(const ordered_json& json) {
    return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json dropped_to_json(const Counters& counters) {
    ordered_json dropped = ordered_json::object();
    for (std::size_t i = 0; i < kDrops; ++i) {
        if (counters.dropped[i] != 0) {
            dropped[std::string(name(static_cast<Drop>(i)))] = counters.dropped[i];
        }
    }
    return dropped;
}

ordered_json controller_to_json(const ControllerStatus& controller) {
    ordered_json json = {{"state", controller.state}};
    if (controller.bitrate) {
        json["bitrate"] = *controller.bitrate;
    }
    if (controller.data_bitrate) {
        json["data_bitrate"] = *controller.data_bitrate;
    }
    json["tx_errors"] = controller.tx_errors;
    json["rx_errors"] = controller.rx_errors;
    json["bus_errors"] = controller.bus_errors;
    json["error_warnings"] = controller.error_warnings;
    json["error_passives"] = controller.error_passives;
    json["bus_offs"] = controller.bus_offs;
    json["arbitration_lost"] = controller.arbitration_lost;
    json["restarts"] = controller.restarts;
    return json;
}

}  // namespace

std::string to_json(const ConnectionStatus& status) {
    const ordered_json json = {
        {"schema", kSchema},
        {"session", status.session},
        {"state", status.state},
        {"version", status.version},
    };
    return dump(json);
}

std::string to_json(const BusStatus& status) {
    const Counters& from = status.counters.from_bus;
    const Counters& to = status.counters.to_bus;
    ordered_json json = {
        {"schema", kSchema},
        {"session", status.session},
        {"state", status.state},
        {"bus", status.bus},
        {"role", status.role},
        {"interface", status.interface},
        {"formats", status.formats},
        {"time_synchronized", status.time_synchronized},
        {"version", status.version},
        {"connection", status.connection},
        {"counters",
         {{"from_bus",
           {{"received", from.received},
            {"published", from.passed},
            {"unconfirmed", from.unconfirmed},
            {"dropped", dropped_to_json(from)}}},
          {"to_bus",
           {{"received", to.received},
            {"written", to.passed},
            {"lost", to.lost},
            {"dropped", dropped_to_json(to)}}}}},
    };
    if (std::ranges::find(status.formats, "stream") != status.formats.end()) {
        json["stream_versions"] = {stream::kVersion};
    }
    if (status.controller) {
        json["controller"] = controller_to_json(*status.controller);
    }
    return dump(json);
}

std::string parse_state(std::span<const std::byte> payload) {
    const std::string_view words(reinterpret_cast<const char*>(payload.data()), payload.size());
    const auto json = nlohmann::json::parse(words, nullptr, false);
    const auto state = json.is_object() ? json.find("state") : json.end();
    return json.is_object() && state != json.end() && state->is_string() ? state->get<std::string>()
                                                                         : std::string();
}

}  // namespace mqttcan::codec
