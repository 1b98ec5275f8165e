// SPDX-License-Identifier: MIT
// Links as they should be against links as they are: what to do next, and which bus can be bridged now. Pure:
// no I/O, no clock, no state; equal arguments give equal plans. The shell performs the actions in order,
// looks again, and plans again, until there is nothing left to do. An action that fails spoils no other: the
// next plan asks again.
//
// Ownership. A link is ours if it is a vcan in netlink::kOwnedGroup whose alias names our instance. Nothing
// else is ever changed or removed; with one exception, leftovers: the group without an alias is what a crash
// between creation and naming leaves behind (see Plan::leftovers).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/names.hpp"
#include "config/model.hpp"
#include "netlink/link.hpp"

namespace mqttcan::supervisor {

struct DesiredLink {
    EntryName bus;
    config::Kind kind = config::Kind::vcan;
    std::optional<InterfaceName> interface;  ///< unset (vcan only): whatever number is free, kept by alias
    std::uint32_t mtu = netlink::kFdMtu;     ///< bytes; for links that we create
    config::OnStop on_stop = config::OnStop::down;
};

using Desired = std::vector<DesiredLink>;     ///< in the order of the file: the earlier bus wins a dispute
using Actual = std::map<int, netlink::Link>;  ///< by ifindex, as netlink::LinkWatcher::links()

/// What the alias of a link says: "mqttcan:BUS", or "mqttcan:BUS@INSTANCE" for others than the default
/// instance.
struct Mark {
    EntryName bus;
    std::string instance;  ///< "": the system's own configuration
    bool operator==(const Mark&) const = default;
};

/// `instance` may have up to 180 bytes, so that the alias fits the kernel's 255.
std::string alias_for(const EntryName& bus, const std::string& instance);
std::optional<Mark> parse_alias(std::string_view alias);

struct CreateVcan {
    EntryName bus;
    std::optional<InterfaceName> name;
    std::uint32_t mtu;
    std::string alias;
    bool operator==(const CreateVcan&) const = default;
};
struct SetUp {
    int ifindex;
    bool operator==(const SetUp&) const = default;
};
struct SetDown {  ///< from stop_actions() only
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
struct Rename {  ///< our link, renamed by somebody: set it down, rename, set it up. Sockets bound to it
                 ///< survive
    int ifindex;
    InterfaceName name;
    bool operator==(const Rename&) const = default;
};
struct Remove {
    int ifindex;
    std::string reason;  ///< for the log: "bus body is no longer configured"
    bool operator==(const Remove&) const = default;
};
using Action = std::variant<CreateVcan, SetUp, SetDown, SetMtu, SetAlias, Rename, Remove>;

struct Ready {  ///< bridge this link
    int ifindex;
    bool operator==(const Ready&) const = default;
};
struct Waiting {         ///< not now; what happens next is not up to the configuration
    std::string reason;  ///< with cure; stable while nothing changes, so log it when it differs
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
