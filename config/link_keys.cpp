// SPDX-License-Identifier: MIT
// Where the link of a bus is found: the keys "peer", "match" and "device".
#include "base/text.hpp"
#include "config/bus_parts.hpp"
#include "config/entries.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

constexpr std::size_t kLongestFileName = 255;  // NAME_MAX
constexpr std::int64_t kHighestPid = 1 << 22;  // PID_MAX_LIMIT of a 64-bit kernel

void read_peer_interface(Reader& reader, const Node& node, const KeyInfo& key, PeerKeys& into) {
    const auto written = reader.string(node, key);
    if (!written) {
        return;
    }
    const Result<InterfaceName> name = InterfaceName::parse(*written);
    if (!name) {
        reader.fault(node, name.error().what);
        return;
    }
    into.interface = *name;
}

/// A name is one for "ip netns", a file in /run/netns.
void read_netns(Reader& reader, const Node& node, const KeyInfo& key, PeerKeys& into) {
    const auto written = reader.string(node, key);
    if (!written) {
        return;
    }
    const bool is_path = written->starts_with('/');
    if (!is_path && (written->contains('/') || *written == "." || *written == "..")) {
        reader.fault(node, text(in_quotes(*written),
                                " is neither the name of a network namespace nor an absolute path; write for "
                                "example \"ecu-sim\" or \"/run/netns/ecu-sim\""));
    } else if (!is_path && written->size() > kLongestFileName) {
        reader.fault(node, text("this name has ", written->size(), " bytes; at most ", kLongestFileName,
                                " are allowed"));
    } else {
        into.netns.path = is_path ? *written : text("/run/netns/", *written);
    }
}

void read_pid(Reader& reader, const Node& node, const KeyInfo& key, PeerKeys& into) {
    into.netns.pid = static_cast<int>(reader.count(node, key).value_or(0));
}

constexpr Key<PeerKeys> kPeerKeys[] = {
    {{.name = "interface", .example = R"("can0")", .required = true}, read_peer_interface},
    {{.name = "netns", .example = R"("ecu-sim")"}, read_netns},
    {{.name = "pid", .example = "1234", .lowest = 1, .highest = kHighestPid}, read_pid},
};

constexpr Key<Match> kMatchKeys[] = {
    {{.name = "serial", .example = R"("004E0051")"}, read_string<&Match::serial>},
    {{.name = "path", .example = R"("pci-0000:00:14.0-usb-0:2:1.0")"}, read_string<&Match::path>},
    {{.name = "driver", .example = R"("gs_usb")"}, read_string<&Match::driver>},
};

}  // namespace

const Shape<PeerKeys>& peer_shape() {
    static const Shape<PeerKeys> shape("/buses/*/peer", "a \"peer\" object", R"({"interface": "can0"})",
                                       kPeerKeys);
    return shape;
}

const Shape<Match>& match_shape() {
    static const Shape<Match> shape("/buses/*/match", "a \"match\" object", R"({"serial": "004E0051"})",
                                    kMatchKeys);
    return shape;
}

void read_peer(Reader& reader, const Node& node, const KeyInfo&, Bus& into) {
    PeerKeys keys;
    peer_shape().read(reader, node, keys);
    const Node* netns = node.find("netns");
    const Node* pid = node.find("pid");
    if (netns != nullptr && pid != nullptr) {
        reader.fault_at_key(*pid, text("\"netns\" (", reader.line_of(*netns, *pid),
                                       ") says where the peer lives already; remove one of the two"));
    } else if (keys.interface) {
        into.peer = Peer{*keys.interface, std::nullopt};
        if (keys.netns != NetworkNamespace{}) {
            into.peer->netns = keys.netns;
        }
    }
}

void read_match(Reader& reader, const Node& node, const KeyInfo&, Bus& into) {
    match_shape().read(reader, node, into.match.emplace());
    if (node.type == Type::object && node.items.empty()) {
        reader.fault(
            node,
            "this would match any hardware; say at least one of \"serial\", \"path\" and \"driver\", as "
            "\"udevadm info /sys/class/net/can0\" shows them");
    }
}

void read_device(Reader& reader, const Node& node, const KeyInfo& key, Bus& into) {
    const auto written = reader.string(node, key);
    if (!written) {
        return;
    }
    if (!written->starts_with('/') || written->ends_with('/')) {
        reader.fault(node, text(in_quotes(*written), " is not the absolute path of a tty; write for example ",
                                key.example));
        return;
    }
    into.device = *written;
}

}  // namespace mqttcan::config
