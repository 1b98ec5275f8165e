// SPDX-License-Identifier: MIT
#include "tests/support/fake_links.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace mqttcan::testing {
namespace {

using netlink::ControllerState;
using netlink::Link;

constexpr int kHome = 1000;  ///< what a namespace is called by a link elsewhere whose peer is in ours
constexpr int kOperstateDown = 2;
constexpr int kOperstateLowerLayerDown = 3;
bool hung_up(const UniqueFd& end) {
    pollfd state{.fd = end.get(), .events = 0, .revents = 0};
    return ::poll(&state, 1, 0) > 0;
}

}  // namespace

// ---- what other programs do

const std::map<int, Link>& FakeLinks::all() {
    settle();
    return links_;
}

int FakeLinks::add(Link link) {
    link.ifindex = next_++;
    links_.emplace(link.ifindex, link);
    return link.ifindex;
}

int FakeLinks::add_vcan(const std::string& name, bool up) {
    return add(
        {.name = name, .kind = "vcan", .is_can = true, .up = up, .running = up, .mtu = netlink::kFdMtu});
}

int FakeLinks::add_hardware(const std::string& name, bool up) {
    return add({.name = name,
                .kind = "can",
                .is_can = true,
                .up = up,
                .running = up,
                .operstate = up ? netlink::kOperstateUp : kOperstateDown,
                .mtu = netlink::kClassicMtu,
                .controller = {{.settings = {.bitrate = 500000,
                                             .sample_point = 875,
                                             .listen_only = false,
                                             .one_shot = false,
                                             .triple_sampling = false,
                                             .berr_reporting = false,
                                             .restart = Duration::zero(),
                                             .tx_queue_length = 10},
                                .state = up ? ControllerState::error_active : ControllerState::stopped}}});
}

void FakeLinks::erase(int ifindex) {
    const Link* link = end_of_pair(ifindex);
    const auto peer = link != nullptr ? link->peer : std::nullopt;
    links_.erase(ifindex);
    away_.erase(ifindex);
    if (peer) {
        erase(peer->ifindex);
    }
}

// ---- other network namespaces

void FakeLinks::add_namespace(const NetworkNamespace& space) {
    namespaces_.emplace(space, std::nullopt);
}

void FakeLinks::remove_namespace(const NetworkNamespace& space) {
    namespaces_.erase(space);
    std::set<int> there;
    for (const auto& [ifindex, away] : away_) {
        if (away.space == space) {
            there.insert(ifindex);
        }
    }
    for (const int ifindex : there) {
        erase(ifindex);
    }
}

void FakeLinks::add_elsewhere(const NetworkNamespace& space, const std::string& name) {
    const int ifindex = next_++;
    away_.emplace(ifindex, Away{space, {.ifindex = ifindex, .name = name, .kind = "vcan", .is_can = true}});
}

std::optional<Link> FakeLinks::find_elsewhere(const NetworkNamespace& space, const std::string& name) const {
    for (const auto& [ifindex, away] : away_) {
        if (away.space == space && away.link.name == name) {
            return away.link;
        }
    }
    return std::nullopt;
}

void FakeLinks::set_up_elsewhere(const NetworkNamespace& space, const std::string& name, bool up) {
    away_.at(find_elsewhere(space, name).value().ifindex).link.up = up;
    settle();
}

// ---- netlink::Links: creation

Result<Link> FakeLinks::create_vcan(const netlink::VcanRequest& request) {
    if (!privileged || !has_vcan) {
        return fail_errno(privileged ? EOPNOTSUPP : EPERM, "creating a vcan");
    }
    const std::string name = request.name ? request.name->str() : lowest_free();
    if (find_name(name) != nullptr) {
        return fail_errno(EEXIST, "creating ", name);
    }
    const int ifindex = add_vcan(name);
    Link& link = links_.at(ifindex);
    link.mtu = request.mtu;
    link.group = netlink::kOwnedGroup;
    if (dies_before_naming) {
        return fail_errno(EINTR, "creating ", name);
    }
    if (auto named = set_alias(ifindex, request.alias); !named) {
        erase(ifindex);
        return std::unexpected(std::move(named.error()));
    }
    return link;
}

Result<Link> FakeLinks::create_vxcan(const netlink::VxcanRequest& request) {
    const std::string name = request.name.str();
    const std::string peer_name = request.peer.str();
    if (!privileged || !has_vxcan) {
        return fail_errno(privileged ? EOPNOTSUPP : EPERM, "creating a vxcan");
    }
    if (find_name(name) != nullptr || find_name(peer_name) != nullptr || name == peer_name) {
        return fail_errno(EEXIST, "creating ", name, " with its peer ", peer_name);
    }
    Link link{.name = name, .kind = "vxcan", .is_can = true, .mtu = request.mtu};
    link.group = netlink::kOwnedGroup;
    const int ifindex = add(link);
    link.name = peer_name;
    const int peer = add(link);
    links_.at(ifindex).peer = {{.ifindex = peer}};
    links_.at(peer).peer = {{.ifindex = ifindex}};
    settle();
    if (dies_before_naming) {
        return fail_errno(EINTR, "creating ", name);
    }
    auto named = set_alias(peer, request.peer_alias);
    named = named ? set_alias(ifindex, request.alias) : named;
    if (!named) {
        erase(ifindex);
        return std::unexpected(std::move(named.error()));
    }
    return links_.at(ifindex);
}

// ---- netlink::Links: other namespaces

Result<void> FakeLinks::move(int ifindex, const NetworkNamespace& space, const InterfaceName& name) {
    settle();
    const bool stays = ours.contains(space);
    return change(ifindex, [&](Link& link) {
        if (!stays && !namespaces_.contains(space)) {
            return space.pid != 0 ? ESRCH : ENOENT;
        }
        const Link* taken = find_name(name.str());
        const auto there = find_elsewhere(space, name.str());
        const bool leftover = there && there->kind == link.kind && there->alias == link.alias &&
                              !link.alias.empty() && there->group == netlink::kOwnedGroup && there->peer &&
                              there->peer->namespace_id;
        if (stays ? taken != nullptr && taken != &link : there && !leftover) {
            return EEXIST;
        }
        if (!stays && leftover) {
            erase(there->ifindex);
        }
        link.name = name.str();
        link.up = true;
        if (!stays) {
            auto& id = namespaces_.at(space);
            id = id ? *id : next_namespace_++;
            away_.emplace(ifindex, Away{space, link});
            links_.erase(ifindex);
        }
        return 0;
    });
}

Result<std::optional<Link>> FakeLinks::find_peer(const netlink::PeerPlace& place) {
    settle();
    const Link* link = end_of_pair(place.ifindex);
    return link == nullptr ? std::nullopt : std::optional(*link);
}

Result<netlink::NamespaceView> FakeLinks::look_at(const NetworkNamespace& space) {
    if (ours.contains(space)) {
        return netlink::NamespaceView{.exists = true, .ours = true};
    }
    const auto at = namespaces_.find(space);
    return at == namespaces_.end() ? netlink::NamespaceView{}
                                   : netlink::NamespaceView{.exists = true, .id = at->second};
}

// ---- netlink::Links: every link

Result<void> FakeLinks::set_up(int ifindex) {
    return change(ifindex, [&](Link& link) { return set_flag(link, true); });
}

Result<void> FakeLinks::set_down(int ifindex) {
    return change(ifindex, [&](Link& link) { return set_flag(link, false); });
}

Result<void> FakeLinks::set_mtu(int ifindex, std::uint32_t mtu) {
    return change(ifindex, [&](Link& link) {
        if (link.up) {
            return EBUSY;
        }
        if (mtu != netlink::kClassicMtu && mtu != netlink::kFdMtu) {
            return EINVAL;
        }
        link.mtu = mtu;
        return 0;
    });
}

Result<void> FakeLinks::set_alias(int ifindex, const std::string& alias) {
    return change(ifindex, [&](Link& link) {
        if (alias.size() > 255) {
            return ERANGE;
        }
        link.alias = alias;
        return 0;
    });
}

Result<void> FakeLinks::rename(int ifindex, const InterfaceName& name) {
    return change(ifindex, [&](Link& link) {
        if (link.up) {
            return EBUSY;
        }
        if (const Link* other = find_name(name.str()); other != nullptr && other != &link) {
            return EEXIST;
        }
        link.name = name.str();
        return 0;
    });
}

Result<void> FakeLinks::remove(int ifindex) {
    auto removed = change(ifindex, [](Link& link) { return link.kind == "can" ? EOPNOTSUPP : 0; });
    if (removed) {
        erase(ifindex);
    }
    return removed;
}

Result<std::optional<Link>> FakeLinks::find(int ifindex) {
    settle();
    const auto at = links_.find(ifindex);
    return at == links_.end() ? std::nullopt : std::optional(at->second);
}

Result<std::optional<Link>> FakeLinks::find(const InterfaceName& name) {
    settle();
    const Link* link = find_name(name.str());
    return link == nullptr ? std::nullopt : std::optional(*link);
}

// ---- within

Result<void> FakeLinks::change(int ifindex, const std::function<int(Link&)>& errno_of) {
    settle();
    const auto at = links_.find(ifindex);
    const int number = !privileged ? EPERM : at == links_.end() ? ENODEV : errno_of(at->second);
    settle();
    return number == 0 ? Result<void>() : Result<void>(fail_errno(number, "changing link ", ifindex));
}

/// vcan's operstate is unknown for life; hardware's follows; a pair's is settled.
int FakeLinks::set_flag(Link& link, bool up) {
    if (link.controller && up && !link.up) {
        const CanSettings& settings = link.controller->settings;
        const Serial* serial = serial_of(link.ifindex);
        if ((!settings.bitrate && serial == nullptr) ||
            (settings.fd.value_or(false) && !settings.data_bitrate)) {
            return EINVAL;
        }
        if (serial != nullptr && serial->deaf) {
            return ETIMEDOUT;
        }
    }
    if (link.controller && up != link.up) {
        link.controller->state = up ? ControllerState::error_active : ControllerState::stopped;
    }
    link.up = link.running = up;
    if (link.kind != "vcan") {
        link.operstate = up ? netlink::kOperstateUp : kOperstateDown;
    }
    return 0;
}

const Link* FakeLinks::find_name(const std::string& name) const {
    const auto at = std::ranges::find(links_, name, [](const auto& entry) { return entry.second.name; });
    return at == links_.end() ? nullptr : &at->second;
}

std::string FakeLinks::lowest_free() const {
    int number = 0;
    while (find_name(text("vcan", number)) != nullptr) {
        ++number;
    }
    return text("vcan", number);
}

Link* FakeLinks::end_of_pair(int ifindex) {
    if (const auto at = links_.find(ifindex); at != links_.end()) {
        return &at->second;
    }
    const auto at = away_.find(ifindex);
    return at == away_.end() ? nullptr : &at->second.link;
}

void FakeLinks::settle() {
    for (auto& [device, serial] : serials_) {
        if (serial.ifindex && hung_up(serial.our_end)) {
            erase(*serial.ifindex);
            serial.ifindex.reset();
            serial.our_end.reset();
        }
    }
    for (auto& [ifindex, link] : links_) {
        settle_pair(link);
    }
    for (auto& [ifindex, away] : away_) {
        settle_pair(away.link);
    }
}

void FakeLinks::settle_pair(Link& link) {
    const Link* other = link.peer ? end_of_pair(link.peer->ifindex) : nullptr;
    if (other == nullptr) {
        return;
    }
    link.running = link.up && other->up;
    link.operstate = link.running ? netlink::kOperstateUp : kOperstateLowerLayerDown;
    const auto there = away_.find(other->ifindex);
    const auto here = away_.find(link.ifindex);
    if (there == away_.end()) {
        link.peer->namespace_id = here == away_.end() ? std::nullopt : std::optional(kHome);
    } else {
        const bool together = here != away_.end() && here->second.space == there->second.space;
        link.peer->namespace_id = together ? std::nullopt : namespaces_.at(there->second.space);
    }
}

}  // namespace mqttcan::testing
