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

std::int64_t microseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

ordered_json offset_to_json(const ClockOffset& offset) {
    ordered_json json = ordered_json::object();
    if (offset.at_least) {
        json["at_least"] = offset.at_least->count();
    }
    if (offset.at_most) {
        json["at_most"] = offset.at_most->count();
    }
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
            {"in_doubt", from.in_doubt},
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
    if (status.buffers) {
        json["counters"]["from_bus"]["buffered"] = from.buffered;
        json["counters"]["from_bus"]["backfilled"] = from.backfilled;
    }
    if (!status.confirms.empty()) {
        const Counters& confirmations = status.counters.confirmations;
        json["confirms"] = status.confirms;
        json["counters"]["confirmations"] = {{"received", confirmations.received},
                                             {"published", confirmations.passed},
                                             {"in_doubt", confirmations.in_doubt},
                                             {"dropped", dropped_to_json(confirmations)}};
    }
    if (status.clock_offset) {
        json["counters"]["from_bus"]["confirmed"] = from.confirmed;
        json["counters"]["from_bus"]["unconfirmed"] = from.unconfirmed;
        json["clock_offset_us"] = offset_to_json(*status.clock_offset);
    }
    if (status.round_trip) {
        json["round_trip_us"] = {{"smoothed", microseconds(status.round_trip->smoothed)},
                                 {"worst", microseconds(status.round_trip->worst)}};
    }
    return dump(json);
}

RemoteStatus parse_remote_status(std::span<const std::byte> payload) {
    const std::string_view words(reinterpret_cast<const char*>(payload.data()), payload.size());
    const auto json = nlohmann::json::parse(words, nullptr, false);
    RemoteStatus status;
    if (!json.is_object()) {
        return status;
    }
    const auto member = [&](const char* key) { return json.contains(key) ? json[key] : nlohmann::json(); };
    for (const auto& [key, into] : {std::pair("state", &status.state),
                                    {"session", &status.session},
                                    {"connection", &status.connection}}) {
        if (const auto value = member(key); value.is_string()) {
            *into = value;
        }
    }
    for (const auto& version : member("stream_versions")) {
        status.speaks_stream |= version == stream::kVersion;
    }
    return status;
}

}  // namespace mqttcan::codec
