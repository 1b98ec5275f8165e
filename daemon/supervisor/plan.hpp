// SPDX-License-Identifier: MIT
// Links as they should be against links as they are: what to do next, and which bus can be bridged now. Pure:
// no I/O, no clock, no state; equal arguments give equal plans. The shell performs the actions in order,
// looks again, and plans again, until there is nothing left to do. An action that fails spoils no other: the
// next plan asks again.
//
// Ownership. A link is ours if it is in netlink::kOwnedGroup and its alias names our instance: a vcan, our
// end of a vxcan, or the link of a serial adapter. Nothing else is ever removed, with one exception,
// leftovers: the group without an alias is what a crash between creation and naming leaves behind (see
// Plan::leftovers). Hardware is changed only where its bus asks for settings; then it is configured and set
// up, not otherwise.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/can_settings.hpp"
#include "base/names.hpp"
#include "base/network_namespace.hpp"
#include "config/model.hpp"
#include "netlink/link.hpp"
#include "netlink/links.hpp"

namespace mqttcan::supervisor {

struct DesiredLink {
    EntryName bus;
    config::Kind kind = config::Kind::vcan;
    std::optional<InterfaceName>
        interface;                        ///< unset: a vcan of any number, kept by alias, or found by `match`
    std::uint32_t mtu = netlink::kFdMtu;  ///< bytes; for links that we create
    config::OnStop on_stop = config::OnStop::down;
    std::optional<config::Peer> peer = {};  ///< as in config::Bus, here and below
    std::optional<config::Match> match = {};
    std::string device = {};
    CanSettings settings = {};

    bool operator==(const DesiredLink&) const = default;
};

using Desired = std::vector<DesiredLink>;  ///< in the order of the file: the earlier bus wins a dispute

/// What became of settings that a controller was given: it rounds bit rates, and refuses what it cannot do.
struct Tried {
    CanSettings asked;
    CanSettings made = {};     ///< of what was asked
    std::string refusal = {};  ///< empty: it took them; otherwise `made` is what it had then
};

/// The machine, as far as the desired links need to know it.
struct Actual {
    std::map<int, netlink::Link> links = {};  ///< by ifindex, as LinkWatcher::links()
    std::map<NetworkNamespace, netlink::NamespaceView> namespaces = {};  ///< those that peers are meant for
    std::map<NetworkNamespace, std::string> unseen = {};  ///< of those, why one could not be looked at
    std::set<std::string> devices = {};                   ///< ttys that are there
    std::map<EntryName, int> serial = {};                 ///< ifindexes of the serial links that we hold
    std::map<int, Tried> tried = {};                      ///< by ifindex
    std::map<int, netlink::Link> peers = {};  ///< of vxcans, in other namespaces; by the near end's ifindex
    std::set<EntryName> unreachable = {};     ///< buses whose link is to be down as long as this lasts
    std::set<EntryName> dropped = {};         ///< by hand: not to be bridged; their links as above
};

/// What the alias of a link says: "mqttcan:BUS", or "mqttcan:BUS@INSTANCE" for others than the default
/// instance. The far end of a vxcan says "mqttcan-peer:..." instead: it is ours only together with the near
/// one.
struct Mark {
    EntryName bus;
    std::string instance;  ///< "": the system's own configuration
    bool operator==(const Mark&) const = default;
};

/// `instance` may have up to 180 bytes, so that the alias fits the kernel's 255.
std::string alias_for(const EntryName& bus, const std::string& instance);
std::string peer_alias_for(const EntryName& bus, const std::string& instance);
std::optional<Mark> parse_alias(std::string_view alias);

/// What the far end of a vxcan is called on its way to another network namespace.
InterfaceName passing_name(const EntryName& bus, const std::string& instance);

/// Those of `wanted` that `actual` lacks or has otherwise. A mode that is to be off is not lacking.
CanSettings differing(const CanSettings& wanted, const CanSettings& actual);
/// Those of `settings` that `wanted` speaks of.
CanSettings restricted(const CanSettings& settings, const CanSettings& wanted);
/// Whether the controller must be down to take them.
bool needs_down(const CanSettings&);

struct CreateVcan {
    EntryName bus;
    std::optional<InterfaceName> name;
    std::uint32_t mtu;
    std::string alias;
    bool operator==(const CreateVcan&) const = default;
};
struct CreateVxcan {
    EntryName bus;
    InterfaceName name;
    InterfaceName peer;
    std::uint32_t mtu;
    std::string alias;
    std::string peer_alias;
    bool operator==(const CreateVxcan&) const = default;
};
struct MovePeer {  ///< it is UP there
    int ifindex;
    NetworkNamespace to;
    InterfaceName name;
    bool operator==(const MovePeer&) const = default;
};
struct AttachSerial {
    EntryName bus;
    std::string device;
    InterfaceName name;
    std::string alias;
    bool operator==(const AttachSerial&) const = default;
};
struct DetachSerial {  ///< the link goes with it
    EntryName bus;
    bool operator==(const DetachSerial&) const = default;
};
struct Configure {  ///< a controller; set it down for it if it must be
    int ifindex;
    CanSettings settings;  ///< what to send
    CanSettings wish;      ///< what the bus asks for altogether
    bool operator==(const Configure&) const = default;
};
struct SetUp {
    int ifindex;
    bool operator==(const SetUp&) const = default;
};
struct SetDown {
    int ifindex;
    bool operator==(const SetDown&) const = default;
};
struct SetMtu {  ///< the kernel wants the link down for it: set it down, change, set it up
    int ifindex;
    std::uint32_t mtu;
    bool operator==(const SetMtu&) const = default;
};
struct SetAlias {
    int ifindex;
    std::string alias;
    bool operator==(const SetAlias&) const = default;
};
struct Rename {  ///< set it down, rename, set it up again if it was. Sockets bound to it survive
    int ifindex;
    InterfaceName name;
    bool operator==(const Rename&) const = default;
};
struct Remove {
    int ifindex;
    std::string reason;  ///< for the log: "bus body is no longer configured"
    bool operator==(const Remove&) const = default;
};
using Action = std::variant<CreateVcan, CreateVxcan, MovePeer, AttachSerial, DetachSerial, Configure, SetUp,
                            SetDown, SetMtu, SetAlias, Rename, Remove>;

struct Ready {  ///< bridge this link
    int ifindex;
    bool operator==(const Ready&) const = default;
};
struct Waiting {           ///< not now; what happens next is not up to the configuration
    std::string reason;    ///< with cure; stable while nothing changes, so log it when it differs
    bool passing = false;  ///< for what is being done already: not worth a word
    bool operator==(const Waiting&) const = default;
};
struct Refused {  ///< never with this configuration and this link; like Waiting, it ends by itself when the
                  ///< link changes
    std::string reason;
    bool operator==(const Refused&) const = default;
};
using Assignment = std::variant<Ready, Waiting, Refused>;

struct Plan {
    std::vector<Action> actions;
    std::map<EntryName, Assignment> buses;  ///< every desired bus; no two are Ready with one ifindex
    /// Links in our group without an alias that no bus wants. Another process may be about to name one, so
    /// only those that stay here for some seconds are stale: hand them to the next plan() then, and it
    /// removes them.
    std::set<int> leftovers;
};

Plan plan(const Desired&, const Actual&, const std::string& instance,
          const std::set<int>& stale_leftovers = {});

/// For an orderly end: our links go down and stay, so that local programs keep their sockets and their writes
/// fail honestly, or are removed where the bus says so. Links of buses that are not in `desired` are removed.
std::vector<Action> stop_actions(const Desired&, const Actual&, const std::string& instance);

}  // namespace mqttcan::supervisor
