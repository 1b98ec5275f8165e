// SPDX-License-Identifier: MIT
// What a configuration says, as validated plain values. Made by config::load() or, for `mqttcan tunnel`, from
// the command line; immutable afterwards, copied freely, any thread. Whatever is in here has been checked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/names.hpp"

namespace mqttcan::config {

enum class Role {
    client,  ///< beside a virtual bus: sends write requests, receives what the real bus carries
    server,  ///< beside the real bus: publishes what it carries, writes what clients ask for
};

enum class Kind {
    vcan,      ///< created by us unless a vcan of that name exists
    can,       ///< hardware: waited for, never created
    existing,  ///< whatever CAN interface has the name (`mqttcan tunnel` only)
};

/// Whether MQTT may cause frames on a server's bus. `none` does not even subscribe to the write topic.
enum class Write { none, all };

/// What happens to a link that we created when the daemon stops.
enum class OnStop { down, remove };

struct Tls {
    std::string ca_file;    ///< PEM; empty: the system's certificate authorities
    std::string cert_file;  ///< PEM chain of the client certificate; empty: none
    std::string key_file;   ///< PEM; empty: none
    bool insecure = false;  ///< no verification at all, spelled out by the user

    bool operator==(const Tls&) const = default;
};

struct Broker {
    EntryName name;
    std::string host = "127.0.0.1";  ///< name or literal address, IPv6 without brackets
    std::uint16_t port = 1883;
    std::optional<Tls> tls = {};               ///< engaged for mqtts://
    std::string client_id = {};                ///< placeholders filled in; empty: the default id
    std::string username = {};                 ///< empty: none
    std::optional<std::string> password = {};  ///< given in place
    std::string password_file = {};            ///< read again for each connection attempt; empty: none
    /// Unset: mqttcan/<client id>/status; "": none, and no will.
    std::optional<std::string> status_topic = {};
    Duration tick = std::chrono::milliseconds(400);
    Duration keep_alive = std::chrono::seconds(20);
    Duration reconnect_max = std::chrono::seconds(5);

    bool operator==(const Broker&) const = default;
};

/// Frames that go to the CAN bus.
struct ToBus {
    Duration max_age = std::chrono::seconds(2);  ///< older frames are dropped and counted
    std::size_t queue = 16384;                   ///< frames; the oldest are dropped and counted
    bool brs = true;                             ///< CAN FD frames of format savvycan carry no BRS: send it

    bool operator==(const ToBus&) const = default;
};

/// Frames that come from the CAN bus.
struct FromBus {
    Duration max_age = std::chrono::seconds(2);
    std::size_t queue = 16384;
    bool error_frames = false;  ///< publish the controller's error frames

    bool operator==(const FromBus&) const = default;
};

struct Bus {
    EntryName name;
    EntryName broker;
    Topic topic;
    std::optional<InterfaceName> interface = {};  ///< unset: a vcan that the kernel numbers
    Kind kind = Kind::vcan;
    Role role = Role::client;
    Write write = Write::all;  ///< servers only
    bool fd = true;            ///< CAN FD: the MTU of a vcan that we create
    OnStop on_stop = OnStop::down;
    bool accept_pymqtt2can_clients = false;  ///< servers only (docs/wire-format.md, section 1)
    ToBus to_bus = {};
    FromBus from_bus = {};

    bool operator==(const Bus&) const = default;
};

struct Config {
    std::vector<Broker> brokers;  ///< only those that a bus uses; in the order of the file
    std::vector<Bus> buses;       ///< in the order of the file

    const Broker& broker_of(const Bus&) const;
    bool operator==(const Config&) const = default;
};

}  // namespace mqttcan::config
