// SPDX-License-Identifier: MIT
// A pair: the near end is bridged, the far end belongs where the bus says. Both live and die together, so a
// pair that cannot be put right is removed and made anew.
#include "base/text.hpp"
#include "daemon/supervisor/planner.hpp"

namespace mqttcan::supervisor {
namespace {

using netlink::Link;

constexpr std::string_view kVxcan = "vxcan";

}  // namespace

void Planner::place_vxcan(const DesiredLink& wish) {
    if (const Link* near = by_mark(wish.bus, kVxcan)) {
        claimed_.insert(near->ifindex);
        if (const Link* peer = other_end(*near)) {
            claimed_.insert(peer->ifindex);
        }
        settle_vxcan(wish, *near);
        return;
    }
    if (const Link* taken = by_name(*wish.interface)) {
        give_way(wish, *taken,
                 text(taken->name, " exists already (", kind_in_words(*taken),
                      "), and is not of this bus: remove it or choose another name"));
        return;
    }
    create_vxcan(wish);
}

void Planner::create_vxcan(const DesiredLink& wish) {
    const auto& netns = wish.peer->netns;
    if (std::string missing = netns ? missing_namespace(*netns) : std::string(); !missing.empty()) {
        wait(wish, std::move(missing));
        return;
    }
    const Link* taken = peer_stays(wish) ? by_name(wish.peer->interface) : nullptr;
    if (taken != nullptr && is_orphan(wish, *taken)) {
        const std::string why = "its other end was moved away";
        removals_.push_back(Remove{taken->ifindex, why});
        wait_passing(wish, text(taken->name, " is being replaced: ", why));
        return;
    }
    if (taken != nullptr) {
        give_way(wish, *taken,
                 text(taken->name, " exists already (", kind_in_words(*taken),
                      "), so the other end cannot have that name here: choose another, or give it a "
                      "\"netns\""));
        return;
    }
    const InterfaceName far = netns ? passing_name(wish.bus, instance_) : wish.peer->interface;
    if (const Link* passing = by_name(far)) {
        give_way(wish, *passing,
                 text(passing->name, " exists already (", kind_in_words(*passing),
                      "), and the other end needs that name on its way: remove it"));
        return;
    }
    named_.push_back(CreateVxcan{wish.bus, *wish.interface, far, wish.mtu, alias_for(wish.bus, instance_),
                                 peer_alias_for(wish.bus, instance_)});
    wait_passing(wish, text(wish.interface->str(), " is to be created"));
}

bool Planner::is_orphan(const DesiredLink& wish, const Link& link) const {
    return link.kind == kVxcan && link.group == netlink::kOwnedGroup && link.peer &&
           link.peer->namespace_id && link.alias == peer_alias_for(wish.bus, instance_);
}

void Planner::settle_vxcan(const DesiredLink& wish, const Link& near) {
    if (const std::string why = misfit_vxcan(wish, near); !why.empty()) {
        removals_.push_back(Remove{near.ifindex, why});
        wait_passing(wish, text(near.name, " is being replaced: ", why));
        return;
    }
    put_right(wish, near);
    const std::string missing = settle_peer(wish, near);
    const auto there = actual_.peers.find(near.ifindex);
    const bool peer_is_up = there != actual_.peers.end() ? there->second.up  // and the kernel about to notice
                                                         : near.peer && !near.peer->namespace_id;
    if (rests(wish)) {
        wait(wish, why_resting(wish, near));
    } else if (!missing.empty()) {
        wait(wish, missing);
    } else if (netlink::usable(near)) {
        plan_.buses.insert_or_assign(wish.bus, Ready{near.ifindex});
    } else if (!near.up || peer_is_up) {
        wait_passing(wish, text(near.name, " is being set up"));
    } else {
        wait(wish,
             text("the other end of ", near.name, " is down or gone; in its network namespace: ip link set ",
                  wish.peer->interface.str(), " up"));
    }
}

std::string Planner::missing_namespace(const NetworkNamespace& space) const {
    const auto view = actual_.namespaces.find(space);
    if (view != actual_.namespaces.end() && view->second.exists) {
        return {};
    }
    const auto unseen = actual_.unseen.find(space);
    return unseen == actual_.unseen.end()
               ? text("waiting for network namespace ", space.str(), ", which does not exist yet")
               : unseen->second;
}

bool Planner::peer_stays(const DesiredLink& wish) const {
    const auto& netns = wish.peer->netns;
    const auto view = netns ? actual_.namespaces.find(*netns) : actual_.namespaces.end();
    return !netns || (view != actual_.namespaces.end() && view->second.ours);
}

std::string Planner::misfit_vxcan(const DesiredLink& wish, const Link& near) const {
    const Link* peer = other_end(near);
    if (near.mtu != wish.mtu || (peer != nullptr && peer->mtu != wish.mtu)) {
        return text("its MTU is not ",
                    wish.mtu);  // that of the far end cannot be changed once it is elsewhere
    }
    // Whoever has the name may want the one that we have: two that wait for each other would wait for ever.
    if (near.name != wish.interface->str() && is_taken(*wish.interface, near)) {
        return text("it was renamed, and ", wish.interface->str(), " is another link now");
    }
    const InterfaceName& far = wish.peer->interface;
    if (peer != nullptr && peer_stays(wish) && peer->name != far.str() && is_taken(far, *peer)) {
        return text("its other end was renamed, and ", far.str(), " is another link now");
    }
    const auto& netns = wish.peer->netns;
    if (near.peer && near.peer->namespace_id && netns) {
        const auto view = actual_.namespaces.find(*netns);
        const bool known = view != actual_.namespaces.end() && view->second.exists;
        if (known && view->second.id != near.peer->namespace_id) {
            return text("its other end is not in network namespace ", netns->str());
        }
    }
    const auto there = actual_.peers.find(near.ifindex);
    // Without a namespace of its own it is where, and called what, `mqttcan attach` was told.
    if (netns && there != actual_.peers.end() && there->second.name != far.str()) {
        return text("its other end is called ", there->second.name, ", not ", far.str());
    }
    return {};
}

std::string Planner::settle_peer(const DesiredLink& wish, const Link& near) {
    const Link* peer = other_end(near);
    if (peer == nullptr) {
        return {};  // elsewhere: out of reach, and where it is was looked at
    }
    // Of a crash between the two names; before it moves, since it is out of reach then.
    if (const std::string alias = peer_alias_for(wish.bus, instance_); peer->alias != alias) {
        changes_.push_back(SetAlias{peer->ifindex, alias});
    }
    if (peer_stays(wish)) {
        return settle_peer_here(wish, *peer);
    }
    const auto& netns = wish.peer->netns;
    if (std::string missing = missing_namespace(*netns); !missing.empty()) {
        return missing;
    }
    changes_.push_back(MovePeer{peer->ifindex, *netns, wish.peer->interface});
    return text("the other end of ", near.name, " is to be moved to network namespace ", netns->str());
}

std::string Planner::settle_peer_here(const DesiredLink& wish, const Link& peer) {
    if (peer.name != wish.peer->interface.str()) {
        changes_.push_back(Rename{peer.ifindex, wish.peer->interface});
    }
    if (!peer.up) {
        changes_.push_back(SetUp{peer.ifindex});
    }
    return {};
}

}  // namespace mqttcan::supervisor
