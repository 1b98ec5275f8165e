// SPDX-License-Identifier: MIT
#include "tests/unit/plan_world.hpp"

#include <algorithm>

namespace mqttcan::supervisor {

using config::Kind;
using netlink::Link;

Desired World::configuration() {
    Desired desired;
    for (const char* name : kBuses) {
        if (!chance(4)) {
            desired.push_back(wish(EntryName::parse(name).value()));
        }
    }
    std::ranges::shuffle(desired, random_);
    std::set<std::string> given;  // a device is given to one bus only
    std::erase_if(desired, [&](const DesiredLink& it) {
        return it.kind == Kind::slcan && !given.insert(it.device).second;
    });
    return desired;
}

DesiredLink World::wish(const EntryName& bus) {
    constexpr Kind kKinds[] = {Kind::vcan,  Kind::vcan, Kind::vcan,  Kind::vxcan,   Kind::vxcan,
                               Kind::vxcan, Kind::can,  Kind::slcan, Kind::existing};
    DesiredLink wish{.bus = bus, .kind = any(kKinds), .interface = any_name()};
    wish.mtu = chance(3) ? netlink::kClassicMtu : netlink::kFdMtu;
    if (wish.kind == Kind::vcan && chance(2)) {
        wish.interface.reset();
    } else if (wish.kind == Kind::vxcan && chance(2)) {
        wish.peer = {.interface = testing::interface("p-" + bus.str()), .netns = any(kSpaces)};
    } else if (wish.kind == Kind::vxcan) {
        do {
            wish.peer = {.interface = any_name()};
        } while (wish.peer->interface == *wish.interface);
    } else if (wish.kind == Kind::slcan) {
        wish.device = any(kDevices);
        wish.settings.bitrate = chance(4) ? 123457 : 500000;  // an adapter knows the usual rates only
    } else if (wish.kind == Kind::can) {
        wish.settings = chance(3) ? CanSettings{} : any(kWishes);
        if (chance(2)) {
            wish.interface.reset();
            wish.match = {.serial = any(kSerials), .driver = "gs_usb"};
        }
    }
    return wish;
}

void World::disturb() {
    const unsigned what = below(10);
    if (what < 5 && !links.all().empty()) {
        tamper(std::next(links.all().begin(), below(links.all().size()))->first);
    } else if (what == 5) {
        disturb_namespaces();
    } else if (what == 6) {
        const std::string device = any(kDevices);
        devices().contains(device) ? unplug(device) : plug(device, chance(6));
    } else if (what == 7) {
        std::set<EntryName>& resting = chance(2) ? unreachable : dropped;
        if (const EntryName bus = any_bus(); resting.erase(bus) == 0) {
            resting.insert(bus);
        }
    } else if (what == 8) {
        crash();
    } else {
        appear();
    }
}

void World::reject() {
    links.has_vcan = !chance(2);
    links.has_vxcan = !chance(2);
    links.has_slcan = !chance(2);
    links.privileged = !chance(4);
}

void World::tamper(int ifindex) {
    const InterfaceName name = any_name();
    const bool name_is_free = !links.find(name).value();
    links.tamper(ifindex, [&](Link& link) {
        switch (below(6)) {
            case 0:
                link.up = !link.up;
                break;
            case 1:
                link.mtu = netlink::kFdMtu + netlink::kClassicMtu - link.mtu;
                break;
            case 2:
                link.name = name_is_free ? name.str() : link.name;
                break;
            case 3:
                link.alias = any_alias();
                break;
            case 4:
                link.group = chance(2) ? 0 : netlink::kOwnedGroup;
                break;
            default:
                tamper_hardware(link);
        }
    });
    if (chance(6)) {
        links.erase(ifindex);
    }
}

void World::tamper_hardware(Link& link) {
    if (!link.controller) {
        return;
    }
    if (chance(3)) {  // udev learns what it is, or forgets it
        link.device = {.serial = any(kSerials), .driver = chance(4) ? "" : "gs_usb"};
    } else if (chance(2)) {
        link.controller->settings.bitrate = chance(2) ? 250000 : 125000;
    } else {
        link.controller->settings.tx_queue_length = chance(2) ? 10 : 100;
    }
}

void World::disturb_namespaces() {
    const NetworkNamespace& space = kSpaces[below(std::size(kSpaces) - 1)];
    const std::string name = "p-" + any_bus().str();
    if (!links.look_at(space).value().exists) {
        links.add_namespace(space);
    } else if (links.find_elsewhere(space, name) && chance(2)) {
        links.set_up_elsewhere(space, name, chance(2));
    } else if (chance(6) && !links.find_elsewhere(space, name)) {
        links.add_elsewhere(space, name);
    } else {
        links.remove_namespace(space);
    }
}

/// Perhaps between the creation of a link and its naming.
void World::crash() {
    const InterfaceName name = any_name();
    links.dies_before_naming = true;
    if (chance(3)) {
        (void)links.create_vcan({.name = name, .alias = {}});
    } else if (const InterfaceName peer = any_name(); chance(2)) {
        (void)links.create_vxcan({.name = name, .peer = peer, .alias = {}, .peer_alias = {}});
    }
    links.dies_before_naming = false;
    restart();
}

void World::appear() {
    const std::string name = any(kNames);
    if (links.find(testing::interface(name)).value()) {
        return;
    }
    const int ifindex = chance(2) ? links.add_hardware(name, chance(2)) : links.add_vcan(name, chance(2));
    links.tamper(ifindex, [&](Link& link) {
        tamper_hardware(link);
        if (chance(2)) {
            link.group = netlink::kOwnedGroup;
            link.alias = any_alias();
        }
    });
}

std::string World::any_alias() {
    switch (below(6)) {
        case 0:
            return {};
        case 1:
            return alias_for(any_bus(), "another");
        case 2:
            return "somebody's own words";
        case 3:
            return peer_alias_for(any_bus(), kInstance);
        default:
            return alias_for(any_bus(), kInstance);
    }
}

}  // namespace mqttcan::supervisor
