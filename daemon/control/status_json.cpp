// SPDX-License-Identifier: MIT
#include "daemon/control/status_json.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace mqttcan::control {
namespace {

using nlohmann::json;
using supervisor::BrokerStatus;
using supervisor::BusState;
using supervisor::BusStatus;
using supervisor::Status;

constexpr std::array kKinds = {"vcan", "vxcan", "can", "slcan", "existing"};
constexpr std::array kRoles = {"client", "server", "peer"};
constexpr std::array kFormats = {"savvycan", "stream"};
constexpr std::array kControllers = {"error-active", "error-warning", "error-passive",
                                     "bus-off",      "stopped",       "sleeping"};
constexpr std::array kStates = {BusState::online, BusState::offline, BusState::waiting, BusState::dropped};

std::int64_t microseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

json dropped_to_json(const codec::Counters& counters) {
    json dropped = json::object();
    for (std::size_t i = 0; i < codec::kDrops; ++i) {
        if (counters.dropped[i] != 0) {
            dropped[std::string(name(static_cast<codec::Drop>(i)))] = counters.dropped[i];
        }
    }
    return dropped;
}

json counters_to_json(const codec::Counters& counters) {
    return {{"received", counters.received},       {"passed", counters.passed},
            {"in_doubt", counters.in_doubt},       {"confirmed", counters.confirmed},
            {"unconfirmed", counters.unconfirmed}, {"buffered", counters.buffered},
            {"backfilled", counters.backfilled},   {"lost", counters.lost},
            {"dropped", dropped_to_json(counters)}};
}

json controller_to_json(const codec::ControllerStatus& controller) {
    return {{"state", controller.state},
            {"bitrate", controller.bitrate.value_or(0)},
            {"data_bitrate", controller.data_bitrate.value_or(0)},
            {"tx_errors", controller.tx_errors},
            {"rx_errors", controller.rx_errors},
            {"bus_errors", controller.bus_errors},
            {"error_warnings", controller.error_warnings},
            {"error_passives", controller.error_passives},
            {"bus_offs", controller.bus_offs},
            {"arbitration_lost", controller.arbitration_lost},
            {"restarts", controller.restarts}};
}

json bus_to_json(const BusStatus& bus) {
    json result = {{"name", bus.name},
                   {"interface", bus.interface},
                   {"kind", bus.kind},
                   {"role", bus.role},
                   {"topic", bus.topic},
                   {"broker", bus.broker},
                   {"formats", bus.formats},
                   {"state", name(bus.state)},
                   {"reason", bus.reason},
                   {"server", bus.server},
                   {"from_bus", counters_to_json(bus.counters.from_bus)},
                   {"to_bus", counters_to_json(bus.counters.to_bus)},
                   {"confirmations", counters_to_json(bus.counters.confirmations)}};
    if (bus.controller) {
        result["controller"] = controller_to_json(*bus.controller);
    }
    if (bus.round_trip) {
        result["round_trip"] = {{"smoothed_us", microseconds(bus.round_trip->smoothed)},
                                {"worst_us", microseconds(bus.round_trip->worst)}};
    }
    return result;
}

json broker_to_json(const BrokerStatus& broker) {
    return {{"name", broker.name},
            {"url", broker.url},
            {"client_id", broker.client_id},
            {"connected", broker.connected},
            {"protocol", broker.protocol},
            {"problem", broker.problem},
            {"since_us", microseconds(broker.since)}};
}

// ---- and back. What is missing or of another type throws json::exception, caught in one place; a word that
// this version does not know does so, too.

struct Unknown final : std::exception {};

/// The word as a constant: the status refers to it.
template <typename Words>
std::string_view word(const json& value, const Words& known) {
    const auto found = std::ranges::find(known, value.get_ref<const std::string&>());
    return found != known.end() ? std::string_view(*found) : throw Unknown();
}

codec::Counters read_counters(const json& value) {
    codec::Counters counters{.received = value.at("received"),
                             .passed = value.at("passed"),
                             .in_doubt = value.at("in_doubt"),
                             .confirmed = value.at("confirmed"),
                             .unconfirmed = value.at("unconfirmed"),
                             .buffered = value.at("buffered"),
                             .backfilled = value.at("backfilled"),
                             .lost = value.at("lost")};
    std::size_t known = 0;
    for (std::size_t i = 0; i < codec::kDrops; ++i) {
        const auto found = value.at("dropped").find(name(static_cast<codec::Drop>(i)));
        if (found != value.at("dropped").end()) {
            counters.dropped[i] = *found;
            ++known;
        }
    }
    return known == value.at("dropped").size() ? counters : throw Unknown();
}

codec::ControllerStatus read_controller(const json& value) {
    codec::ControllerStatus controller{.state = std::string(word(value.at("state"), kControllers)),
                                       .tx_errors = value.at("tx_errors"),
                                       .rx_errors = value.at("rx_errors"),
                                       .bus_errors = value.at("bus_errors"),
                                       .error_warnings = value.at("error_warnings"),
                                       .error_passives = value.at("error_passives"),
                                       .bus_offs = value.at("bus_offs"),
                                       .arbitration_lost = value.at("arbitration_lost"),
                                       .restarts = value.at("restarts")};
    if (const std::uint32_t bitrate = value.at("bitrate"); bitrate != 0) {
        controller.bitrate = bitrate;
    }
    if (const std::uint32_t bitrate = value.at("data_bitrate"); bitrate != 0) {
        controller.data_bitrate = bitrate;
    }
    return controller;
}

BusStatus read_bus(const json& value) {
    BusStatus bus{.name = value.at("name"),
                  .interface = value.at("interface"),
                  .kind = word(value.at("kind"), kKinds),
                  .role = word(value.at("role"), kRoles),
                  .topic = value.at("topic"),
                  .broker = value.at("broker"),
                  .formats = {},
                  .reason = value.at("reason"),
                  .server = value.at("server")};
    for (const json& format : value.at("formats")) {
        bus.formats.push_back(word(format, kFormats));
    }
    const auto state = std::ranges::find(kStates, value.at("state").get_ref<const std::string&>(),
                                         [](BusState one) { return name(one); });
    bus.state = state != kStates.end() ? *state : throw Unknown();
    bus.counters = {read_counters(value.at("from_bus")), read_counters(value.at("to_bus")),
                    read_counters(value.at("confirmations"))};
    if (value.contains("controller")) {
        bus.controller = read_controller(value["controller"]);
    }
    if (value.contains("round_trip")) {
        bus.round_trip = {std::chrono::microseconds(value["round_trip"].at("smoothed_us")),
                          std::chrono::microseconds(value["round_trip"].at("worst_us"))};
    }
    return bus;
}

BrokerStatus read_broker(const json& value) {
    return {.name = value.at("name"),
            .url = value.at("url"),
            .client_id = value.at("client_id"),
            .connected = value.at("connected"),
            .protocol = value.at("protocol"),
            .problem = value.at("problem"),
            .since = std::chrono::microseconds(value.at("since_us"))};
}

constexpr std::array<std::pair<Severity, std::string_view>, 5> kSeverities = {{
    {Severity::error, "error"},
    {Severity::warning, "warning"},
    {Severity::notice, "notice"},
    {Severity::info, "info"},
    {Severity::debug, "debug"},
}};

}  // namespace

std::string to_json(const Status& status) {
    json brokers = json::array();
    for (const BrokerStatus& broker : status.brokers) {
        brokers.push_back(broker_to_json(broker));
    }
    json buses = json::array();
    for (const BusStatus& bus : status.buses) {
        buses.push_back(bus_to_json(bus));
    }
    const json result = {{"version", status.version},
                         {"uptime_us", microseconds(status.uptime)},
                         {"brokers", std::move(brokers)},
                         {"buses", std::move(buses)}};
    return result.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<Status> parse_status(const std::string& text) {
    try {
        const json value = json::parse(text);
        Status status{.version = value.at("version"),
                      .uptime = std::chrono::microseconds(value.at("uptime_us")),
                      .brokers = {},
                      .buses = {}};
        for (const json& broker : value.at("brokers")) {
            status.brokers.push_back(read_broker(broker));
        }
        for (const json& bus : value.at("buses")) {
            status.buses.push_back(read_bus(bus));
        }
        return status;
    } catch (const json::exception&) {
        return std::nullopt;
    } catch (const Unknown&) {
        return std::nullopt;
    }
}

std::string to_json(const LogLine& line) {
    const json result = {{"number", line.number},           {"time_us", line.time.time_since_epoch().count()},
                         {"severity", name(line.severity)}, {"bus", line.bus},
                         {"interface", line.interface},     {"message", line.message}};
    return result.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string_view name(Severity severity) {
    return std::ranges::find(kSeverities, severity, &std::pair<Severity, std::string_view>::first)->second;
}

std::optional<Severity> parse_severity(std::string_view name) {
    const auto found = std::ranges::find(kSeverities, name, &std::pair<Severity, std::string_view>::second);
    return found != kSeverities.end() ? std::optional(found->first) : std::nullopt;
}

}  // namespace mqttcan::control
