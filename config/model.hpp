// SPDX-License-Identifier: MIT
// What a configuration says, as validated plain values. Made by config::load() or, for `mqttcan tunnel`, from
// the command line; immutable afterwards, copied freely, any thread. Whatever is in here has been checked.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/can_id.hpp"
#include "base/can_settings.hpp"
#include "base/clock.hpp"
#include "base/names.hpp"
#include "base/network_namespace.hpp"

namespace mqttcan::config {

enum class Role {
    client,  ///< beside a virtual bus: sends write requests, receives what the real bus carries
    server,  ///< beside the real bus: publishes what it carries, writes what clients ask for
    peer,    ///< beside a virtual bus that has no owner: all to all; format stream only
};

enum class Kind {
    vcan,      ///< created by us unless a vcan of that name exists
    vxcan,     ///< a pair, created by us: `interface` is bridged, `peer` is for somebody else
    can,       ///< hardware: waited for, never created
    slcan,     ///< a serial adapter: created by attaching the line discipline to `device`
    existing,  ///< whatever CAN interface has the name (`mqttcan tunnel` only)
};

/// Whether MQTT may cause frames on a server's bus. `none` does not even subscribe to the write topic.
enum class Write { none, all };

/// What happens to a link that we created when the daemon stops.
enum class OnStop { down, remove };

/// What happens to a virtual link while the other end of its bus cannot be reached.
enum class OnOffline { keep, down };

/// The other end of a vxcan.
struct Peer {
    InterfaceName interface;
    /// Unset: it stays with us, UP, until `mqttcan attach` moves it.
    std::optional<NetworkNamespace> netns = {};

    bool operator==(const Peer&) const = default;
};

/// Finds hardware by what udev knows of it; an empty member matches anything, one at least is set.
struct Match {
    std::string serial = {};  ///< ID_SERIAL_SHORT
    std::string path = {};    ///< ID_PATH
    std::string driver = {};  ///< ID_NET_DRIVER

    bool operator==(const Match&) const = default;
};

/// Thins out what is published: of each ID at most one frame per `interval` and, with `on_change`, none that
/// equals the one before.
struct Sample {
    std::vector<IdPattern> ids;  ///< not empty; the first rule that matches an ID counts
    Duration interval{};         ///< 0: no least interval
    bool on_change = false;

    bool operator==(const Sample&) const = default;
};

struct Tls {
    std::string ca_file;    ///< PEM; empty: the system's certificate authorities
    std::string cert_file;  ///< PEM chain of the client certificate; empty: none
    std::string key_file;   ///< PEM; empty: none
    bool insecure = false;  ///< no verification at all, spelled out by the user

    bool operator==(const Tls&) const = default;
};

/// What a broker entry may send; 0: no limit.
struct Limits {
    std::uint64_t messages_per_second = 0;
    std::uint64_t bytes_per_second = 0;

    bool operator==(const Limits&) const = default;
};

struct Broker {
    EntryName name;
    std::string host = "127.0.0.1";  ///< name or literal address, IPv6 without brackets
    std::uint16_t port = 1883;
    std::optional<Tls> tls = {};               ///< engaged for mqtts://
    std::string client_id = {};                ///< placeholders filled in; empty: the default id
    std::string username = {};                 ///< empty: none
    std::optional<std::string> password = {};  ///< given in place
    std::string password_credential = {};      ///< name of a credential of the service; empty: none
    std::string password_file = {};  ///< that, or a file; read for each connection attempt; empty: none
    /// Unset: mqttcan/<client id>/status; "": none, and no will.
    std::optional<std::string> status_topic = {};
    Duration tick = std::chrono::milliseconds(400);
    Duration keep_alive = std::chrono::seconds(20);
    Duration reconnect_max = std::chrono::seconds(5);
    Limits limits = {};

    bool operator==(const Broker&) const = default;
};

/// How frames are put into messages (docs/wire-format.md).
enum class Format { savvycan, stream };

/// Frames that go to the CAN bus.
struct ToBus {
    Duration max_age = std::chrono::seconds(2);  ///< older frames are dropped and counted
    std::size_t queue = 16384;                   ///< frames; the oldest are dropped and counted
    bool brs = true;                             ///< CAN FD frames of format savvycan carry no BRS: send it
    Duration stall = std::chrono::milliseconds(500);  ///< a bus that took no frame for so long is dead
    IdFilter filter = {};

    bool operator==(const ToBus&) const = default;
};

/// Frames that come from the CAN bus.
struct FromBus {
    Duration max_age = std::chrono::seconds(2);
    std::size_t queue = 16384;
    bool error_frames = false;  ///< publish the controller's error frames
    IdFilter filter = {};       ///< error frames are not its business
    std::vector<Sample> sample = {};
    Duration heartbeat = std::chrono::seconds(30);  ///< format stream: of a quiet bus; 0: none
    Duration linger{};  ///< format stream: how long frames may wait for others; 0: no longer than it pays
    std::vector<IdPattern> urgent = {};  ///< do not linger
    std::uint64_t buffer = 0;            ///< servers, format stream: bytes for frames of an outage; 0: none

    bool operator==(const FromBus&) const = default;
};

struct Bus {
    EntryName name;
    EntryName broker;
    Topic topic;
    /// Unset: a vcan that the kernel numbers, or hardware that `match` finds.
    std::optional<InterfaceName> interface = {};
    Kind kind = Kind::vcan;
    Role role = Role::client;
    std::vector<Format> formats = {Format::savvycan};  ///< not empty; a server speaks all, a client the first
    Write write = Write::all;                          ///< servers only
    bool fd = true;                                    ///< CAN FD: the MTU of a vcan or vxcan that we create
    OnStop on_stop = OnStop::down;
    OnOffline on_offline = OnOffline::keep;  ///< clients on vcan and vxcan only
    std::optional<Peer> peer = {};           ///< vxcan only, and there always
    std::optional<Match> match = {};         ///< kind can only, then without `interface`
    std::string device = {};                 ///< slcan only, and there always: absolute path of the tty
    CanSettings settings = {};               ///< can and slcan only
    bool heal_bus_off = true;                ///< false: `"restart": "never"`, neither by us nor by the kernel
    bool accept_pymqtt2can_clients = false;  ///< servers only (docs/wire-format.md, section 1)
    ToBus to_bus = {};
    FromBus from_bus = {};

    /// A server or peer speaks all its formats, a client the first.
    bool speaks(Format format) const {
        const auto end = role == Role::client ? formats.begin() + 1 : formats.end();
        return std::find(formats.begin(), end, format) != end;
    }
    bool operator==(const Bus&) const = default;
};

struct Config {
    std::vector<Broker> brokers;  ///< only those that a bus uses; in the order of the file
    std::vector<Bus> buses;       ///< in the order of the file

    const Broker& broker_of(const Bus&) const;
    bool operator==(const Config&) const = default;
};

/// The words of the configuration for them.
std::string_view name(Role);
std::string_view name(Kind);
std::string_view name(Format);

}  // namespace mqttcan::config
