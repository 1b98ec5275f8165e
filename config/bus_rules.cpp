// SPDX-License-Identifier: MIT
// The rules between the keys of one bus: what each kind and each role can say, must say and cannot say.
#include <algorithm>

#include "base/text.hpp"
#include "config/bus_parts.hpp"
#include "config/entries.hpp"

namespace mqttcan::config {
namespace {

constexpr std::string_view kFine;
constexpr std::string_view kNoPeer = R"(only a vxcan has a peer; remove it, or write "kind": "vxcan")";
constexpr std::string_view kNoMatch =
    R"(only hardware is found by what udev knows of it; remove it, or write "kind": "can")";
constexpr std::string_view kNoDevice =
    R"(only a serial adapter has a device; remove it, or write "kind": "slcan")";
constexpr std::string_view kNoController =
    R"(a virtual bus has no controller to set; remove it, or write "kind": "can" for hardware)";
constexpr std::string_view kNoQueue =
    "a virtual bus takes every frame at once, so nothing queues there; remove it";
constexpr std::string_view kNotSerial =
    "a serial adapter can be told its bit rate and whether to listen only, nothing else; remove it";
constexpr std::string_view kNoFd = "a serial adapter carries no CAN FD; remove it";
constexpr std::string_view kLeftAsItIs =
    R"(hardware is left as it is on stop; remove "on_stop", which is for a vcan)";
constexpr std::string_view kGoesWithUs =
    R"(the link of a serial adapter goes with the daemon; remove "on_stop", which is for a vcan)";
constexpr std::string_view kNotTaken =
    R"(hardware is not set down for what happens elsewhere; remove "on_offline", which is for a vcan)";

/// What is said against a key, by the kind of the bus.
struct KeyOfKinds {
    std::string_view key;
    std::string_view vcan, vxcan, can, slcan;

    std::string_view against(Kind kind) const {
        switch (kind) {
            case Kind::vcan:
                return vcan;
            case Kind::vxcan:
                return vxcan;
            case Kind::can:
                return can;
            case Kind::slcan:
                return slcan;
            case Kind::existing:
                break;
        }
        return kFine;
    }
};

constexpr KeyOfKinds kKeysOfKinds[] = {
    {"peer", kNoPeer, kFine, kNoPeer, kNoPeer},
    {"match", kNoMatch, kNoMatch, kFine, kNoMatch},
    {"device", kNoDevice, kNoDevice, kNoDevice, kFine},
    {"fd", kFine, kFine, kFine, kNoFd},
    {"bitrate", kNoController, kNoController, kFine, kFine},
    {"sample_point", kNoController, kNoController, kFine, kNotSerial},
    {"data_bitrate", kNoController, kNoController, kFine, kNotSerial},
    {"data_sample_point", kNoController, kNoController, kFine, kNotSerial},
    {"restart", kNoController, kNoController, kFine, kFine},
    {"listen_only", kNoController, kNoController, kFine, kFine},
    {"one_shot", kNoController, kNoController, kFine, kNotSerial},
    {"triple_sampling", kNoController, kNoController, kFine, kNotSerial},
    {"berr_reporting", kNoController, kNoController, kFine, kNotSerial},
    {"termination", kNoController, kNoController, kFine, kNotSerial},
    {"tx_queue_length", kNoQueue, kNoQueue, kFine, kFine},
    {"on_stop", kFine, kFine, kLeftAsItIs, kGoesWithUs},
    {"on_offline", kFine, kFine, kNotTaken, kNotTaken},
};

bool is_virtual(Kind kind) {
    return kind == Kind::vcan || kind == Kind::vxcan;
}

/// can0, slcan1: what drivers and slcand call their interfaces.
bool looks_like_hardware(std::string_view name) {
    for (const std::string_view prefix : {"can", "slcan"}) {
        const std::string_view number = name.starts_with(prefix) ? name.substr(prefix.size()) : "";
        if (!number.empty() && std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; })) {
            return true;
        }
    }
    return false;
}

void warn_of_hardware_name(Reader& reader, const Node& node, const Bus& bus) {
    if (!bus.interface || node.has("kind") || !looks_like_hardware(bus.interface->str())) {
        return;
    }
    const bool serial = bus.interface->str().starts_with('s');
    reader.warning(
        *node.find("interface"),
        text("\"", bus.interface->str(),
             "\" is what hardware is usually called, but a vcan of that name will be created; for ",
             serial ? "a serial adapter add \"kind\": \"slcan\"" : "hardware add \"kind\": \"can\""));
}

/// `what` is not said if the key is there under a name that is nearly right.
void require(Reader& reader, const Node& node, std::string_view key, std::string_view what) {
    if (!node.has(key) && !reader.faulty(node, key)) {
        reader.fault_missing(node, key, what);
    }
}

void check_keys_of_kind(Reader& reader, const Node& node, Kind kind) {
    for (const KeyOfKinds& row : kKeysOfKinds) {
        const Node* given = node.find(row.key);
        if (given != nullptr && row.against(kind) != kFine) {
            reader.fault_at_key(*given, row.against(kind));
        }
    }
}

void check_place(Reader& reader, const Node& node, Kind kind) {
    const Node* match = node.find("match");
    const Node* interface = node.find("interface");
    if (kind == Kind::vxcan) {
        require(reader, node, "interface",
                R"(a vxcan needs a name for the end that is bridged; add for example "interface": "vxcan0")");
        require(reader, node, "peer",
                R"(a vxcan needs a peer, its other end; add for example "peer": {"interface": "can0"})");
    } else if (kind == Kind::slcan) {
        require(reader, node, "interface",
                R"(the link of a serial adapter needs a name; add for example "interface": "slcan0")");
        require(reader, node, "device",
                R"(a serial adapter is found by its tty; add for example "device": "/dev/ttyACM0")");
        require(reader, node, "bitrate",
                R"(a serial adapter must be told the bit rate; add for example "bitrate": "500k")");
    } else if (kind == Kind::can && match == nullptr && !reader.faulty(node, "match")) {
        require(reader, node, "interface",
                R"(hardware is found by its name, or by "match"; add for example "interface": "can0")");
    } else if (kind == Kind::can && match != nullptr && interface != nullptr) {
        reader.fault_at_key(*interface, text("\"match\" (", reader.line_of(*match, *interface),
                                             ") finds the interface; remove one of the two"));
    }
}

/// The kernel takes the settings of CAN FD together or not at all (can_validate() in its
/// drivers/net/can/dev/netlink.c).
void check_fd(Reader& reader, const Node& node, const Bus& bus) {
    const Node* fd = node.find("fd");
    const Node* data = node.find("data_bitrate");
    const bool has_rate = node.has("bitrate") || reader.faulty(node, "bitrate");
    const bool has_data_rate = data != nullptr || reader.faulty(node, "data_bitrate");
    if (reader.faulty(node, "fd")) {
        return;
    }
    if (data != nullptr && (fd == nullptr || !bus.fd)) {
        reader.fault_at_key(
            *data, "only CAN FD has a bit rate of its own for data; write \"fd\": true, or remove it");
    } else if (fd != nullptr && bus.fd && !(has_rate && has_data_rate)) {
        reader.fault_at_key(
            *fd, text("the kernel takes CAN FD only together with both bit rates; add ",
                      has_rate ? "" : "\"bitrate\": \"500k\"", has_rate || has_data_rate ? "" : " and ",
                      has_data_rate ? "" : "\"data_bitrate\": \"2M\"", " (for example)"));
    }
}

void check_settings(Reader& reader, const Node& node, const Bus& bus) {
    if (bus.kind == Kind::slcan) {
        const Node* restart = reader.sound(node, "restart");
        if (restart != nullptr && bus.heal_bus_off) {
            reader.fault(
                *restart,
                "the driver of serial adapters knows no restart; leave \"restart\" out, and the daemon "
                "restarts the adapter, or write \"never\"");
        }
        return;
    }
    check_fd(reader, node, bus);
    for (const auto& [point, rate] :
         {std::pair("sample_point", "bitrate"), {"data_sample_point", "data_bitrate"}}) {
        const Node* given = node.find(point);
        if (given != nullptr && !node.has(rate) && !reader.faulty(node, rate)) {
            reader.fault_at_key(*given, text("a sample point is set together with its bit rate; add \"", rate,
                                             "\", or remove it"));
        }
    }
}

/// Said by a client or a peer.
void check_keys_of_servers(Reader& reader, const Node& node, const Bus& bus) {
    if (const Node* write = node.find("write")) {
        reader.fault_at_key(
            *write, text("only a server can say this: ",
                         bus.role == Role::peer ? "among peers, each writes what the others send"
                                                : "it decides whether frames of its clients reach the bus",
                         "; remove \"write\" here, or write \"role\": \"server\""));
    }
    if (const Node* accept = node.find("accept_pymqtt2can_clients")) {
        reader.fault_at_key(*accept,
                            "only a server has clients; remove it here, or write \"role\": \"server\"");
    }
    if (bus.from_bus.error_frames) {
        reader.fault_at_key(
            *node.find("from_bus")->find("error_frames"),
            "a virtual bus has no controller whose errors could be published; remove it here, or "
            "write \"role\": \"server\"");
    }
    if (bus.from_bus.buffer > 0) {
        reader.fault_at_key(*node.find("from_bus")->find("buffer"),
                            "only what a server saw on the bus is worth keeping; remove it here, or write "
                            "\"role\": \"server\"");
    }
}

/// Of one who has no server that could be out of reach.
void refuse_on_offline(Reader& reader, const Node& node, const Bus& bus, std::string_view why) {
    const Node* on_offline = node.find("on_offline");
    if (on_offline != nullptr && is_virtual(bus.kind)) {
        reader.fault_at_key(*on_offline, text("only a client can say this: ", why,
                                              "; remove \"on_offline\", or write \"role\": \"client\""));
    }
}

/// What a bus of peers carries moves nothing: nobody beside it says whether frames may reach it.
void check_peer(Reader& reader, const Node& node, const Bus& bus) {
    if (!is_virtual(bus.kind)) {
        reader.fault(
            *node.find("role"),
            "a peer writes whatever the others send, and nobody there could forbid it, so it is for virtual "
            "buses only; for hardware write \"role\": \"server\", with \"write\": \"none\" or \"all\"");
        return;
    }
    check_keys_of_servers(reader, node, bus);
    refuse_on_offline(reader, node, bus, "peers have no server that could be out of reach");
}

void check_server(Reader& reader, const Node& node, const Bus& bus) {
    const Node* write = node.find("write");
    if (!is_virtual(bus.kind)) {
        require(reader, node, "write",
                "a server on hardware must say whether MQTT may cause frames on the bus: add \"write\": "
                "\"none\" (listen only) or \"write\": \"all\"");
    }
    const Node* accept = node.find("accept_pymqtt2can_clients");
    if (accept != nullptr && bus.accept_pymqtt2can_clients && bus.write == Write::none) {
        reader.fault_at_key(*accept,
                            text("nothing is accepted from clients while \"write\" is \"none\" (",
                                 reader.line_of(*write, *accept), "); remove it, or write \"all\" there"));
    }
    refuse_on_offline(reader, node, bus, "the bus of a server is there whoever can be reached");
}

void check_listening(Reader& reader, const Node& node, const Bus& bus) {
    const Node* listen_only = node.find("listen_only");
    if (listen_only == nullptr || is_virtual(bus.kind) || !bus.settings.listen_only.value_or(false)) {
        return;
    }
    const Node* write = reader.sound(node, "write");
    if (bus.role == Role::client) {
        reader.fault(
            *listen_only,
            "a listen-only controller cannot send, but a client sends what comes from the broker; remove "
            "it, or write \"role\": \"server\" and \"write\": \"none\"");
    } else if (write != nullptr && bus.write == Write::all) {
        reader.fault(*write, text("a listen-only controller (", reader.line_of(*listen_only, *write),
                                  ") cannot send; write \"none\", or remove \"listen_only\""));
    }
}

void check_role(Reader& reader, const Node& node, const Bus& bus) {
    switch (bus.role) {
        case Role::client:
            check_keys_of_servers(reader, node, bus);
            break;
        case Role::server:
            check_server(reader, node, bus);
            break;
        case Role::peer:
            check_peer(reader, node, bus);
            break;
    }
}

void fill_in(const Node& node, Bus& bus) {
    if (bus.kind == Kind::can && node.has("fd")) {
        bus.settings.fd = bus.fd;
    }
    if (bus.kind == Kind::slcan) {
        bus.settings.restart.reset();  // "never": nothing that its driver could be told
    }
}

}  // namespace

void check_bus(Reader& reader, const Node& node, Bus& bus) {
    const bool kind_known = !reader.faulty(node, "kind");
    if (kind_known) {
        warn_of_hardware_name(reader, node, bus);
        check_keys_of_kind(reader, node, bus.kind);
        check_place(reader, node, bus.kind);
    }
    if (kind_known && !is_virtual(bus.kind)) {
        check_settings(reader, node, bus);
    }
    if (!reader.faulty(node, "role")) {
        check_role(reader, node, bus);
    }
    if (!reader.faulty(node, "role")) {  // or it is a peer's on hardware: that has been said
        check_listening(reader, node, bus);
        check_formats(reader, node, bus);
    }
    fill_in(node, bus);
}

}  // namespace mqttcan::config
