// SPDX-License-Identifier: MIT
// The retained status objects (docs/wire-format.md, section 3) as JSON text. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "daemon/codec/counters.hpp"

namespace mqttcan::codec {

/// mqttcan/<client id>/status. Its will is the same object with state "offline".
struct ConnectionStatus {
    std::string session;  ///< random, new with each process
    std::string state;    ///< "online" or "offline"
    std::string version;
};

inline constexpr std::string_view kBusOff = "bus-off";

/// What the driver of a CAN controller tells.
struct ControllerStatus {
    std::string
        state;  ///< "error-active", "error-warning", "error-passive", "bus-off", "stopped", "sleeping"
    std::optional<std::uint32_t> bitrate = {};       ///< bit/s
    std::optional<std::uint32_t> data_bitrate = {};  ///< bit/s
    std::uint16_t tx_errors = 0;                     ///< the error counters of ISO 11898-1
    std::uint16_t rx_errors = 0;
    std::uint32_t bus_errors = 0;  ///< counted by the driver, here and below
    std::uint32_t error_warnings = 0;
    std::uint32_t error_passives = 0;
    std::uint32_t bus_offs = 0;
    std::uint32_t arbitration_lost = 0;
    std::uint32_t restarts = 0;

    bool operator==(const ControllerStatus&) const = default;
};

/// From publishing a frame to hearing that the bus has sent it.
struct RoundTrip {
    Duration smoothed{};  ///< as RFC 6298 does it
    Duration worst{};     ///< of the last 10 to 20 s

    bool operator==(const RoundTrip&) const = default;
};

/// Bounds of the server's clock minus this host's; none while nothing tells.
struct ClockOffset {
    std::optional<std::chrono::microseconds> at_least = {};
    std::optional<std::chrono::microseconds> at_most = {};
};

/// What a server's word on a client's frame means.
inline constexpr std::string_view kSent = "sent";          ///< the controller has sent it
inline constexpr std::string_view kAccepted = "accepted";  ///< the kernel took it; a link that tells no more

/// T/mqttcan/status/server and T/mqttcan/status/client/<client id>.
struct BusStatus {
    std::string session;
    std::string state;      ///< "online", "waiting" (for its link), "offline" (on a clean stop)
    std::string bus;        ///< its name in the configuration of the host that speaks
    std::string role;       ///< "server", "client" or "peer"
    std::string interface;  ///< empty while there is none
    std::vector<std::string_view> formats;  ///< "savvycan", "stream"
    bool time_synchronized = false;
    std::string version;
    std::string connection;  ///< topic of the connection's status; empty if it has none
    std::optional<ControllerStatus> controller = {};  ///< none on a virtual link
    std::string_view confirms = {};                   ///< servers: kSent or kAccepted; empty if nothing is
    std::optional<RoundTrip> round_trip = {};         ///< clients
    bool buffers = false;                             ///< with from_bus.buffer
    std::optional<ClockOffset> clock_offset = {};     ///< clients that speak format stream
    BusCounters counters;
};

std::string to_json(const ConnectionStatus&);
std::string to_json(const BusStatus&);

/// What the status of a bus, or of a connection, says to others.
struct RemoteStatus {
    std::string state = {};  ///< empty if it says none, is no such object, or was cleared
    std::string session = {};
    std::string connection = {};  ///< of a bus: topic of its connection's status
    bool speaks_stream = false;   ///< in the version that we speak
};

RemoteStatus parse_remote_status(std::span<const std::byte> payload);

}  // namespace mqttcan::codec
