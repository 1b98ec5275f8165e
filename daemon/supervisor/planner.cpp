// SPDX-License-Identifier: MIT
#include "daemon/supervisor/planner.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace mqttcan::supervisor {
namespace {

using config::Kind;
using netlink::Link;

constexpr std::string_view kVcan = "vcan";
constexpr std::string_view kVxcan = "vxcan";

}  // namespace

std::string kind_in_words(const Link& link) {
    return link.kind == kVcan || link.kind == kVxcan ? "a " + link.kind : "CAN hardware";
}

Plan Planner::make(const std::set<int>& stale_leftovers) {
    // Names first: a link that a bus calls by its name is never given to one that takes any.
    for (const DesiredLink& wish : desired_) {
        if (wish.interface) {
            place(wish);
        }
    }
    place_matches();
    for (const DesiredLink& wish : desired_) {
        if (!wish.match && !plan_.buses.contains(wish.bus)) {
            place_vcan_by_mark(wish);
        }
    }
    sweep_serial();
    sweep(stale_leftovers);
    // Removals free what others want. Names before numbers, or a numbered vcan might take a wanted name.
    for (auto* group : {&removals_, &changes_, &named_, &numbered_}) {
        std::ranges::move(*group, std::back_inserter(plan_.actions));
    }
    return std::move(plan_);
}

void Planner::place(const DesiredLink& wish) {
    if (wish.interface) {
        if (const auto [owner, first] = wanted_.emplace(*wish.interface, std::cref(wish.bus)); !first) {
            refuse(wish, text(wish.interface->str(), " belongs to bus ", owner->second.get().str(),
                              " already: an interface can carry one bus only"));
            return;
        }
    }
    switch (wish.kind) {
        case Kind::vcan:
            return place_named_vcan(wish);
        case Kind::vxcan:
            return place_vxcan(wish);
        case Kind::can:
            return place_hardware(wish);
        case Kind::slcan:
            return place_serial(wish);
        case Kind::existing:
            return place_existing(wish);
    }
}

const Link* Planner::by_name(const InterfaceName& name) const {
    const auto at =
        std::ranges::find(actual_.links, name.str(), [](const auto& entry) { return entry.second.name; });
    return at == actual_.links.end() ? nullptr : &at->second;
}

const Link* Planner::by_index(int ifindex) const {
    const auto at = actual_.links.find(ifindex);
    return at == actual_.links.end() ? nullptr : &at->second;
}

const Link* Planner::by_mark(const EntryName& bus, std::string_view kind) const {
    for (const auto& [ifindex, link] : actual_.links) {
        const auto mark = link.kind == kind ? mark_of(link) : std::nullopt;
        if (mark && mark->bus == bus && !claimed_.contains(ifindex)) {
            return &link;
        }
    }
    return nullptr;
}

std::optional<Mark> Planner::mark_of(const Link& link) const {
    if ((link.kind != kVcan && link.kind != kVxcan) || link.group != netlink::kOwnedGroup) {
        return std::nullopt;
    }
    auto mark = parse_alias(link.alias);
    return mark && mark->instance == instance_ ? mark : std::nullopt;
}

std::optional<EntryName> Planner::owner_of(const Link& link) const {
    const Link* other = other_end(link);
    for (const auto& mark : {mark_of(link), other != nullptr ? mark_of(*other) : std::nullopt}) {
        if (mark) {
            return mark->bus;
        }
    }
    const auto held =
        std::ranges::find(actual_.serial, link.ifindex, [](const auto& it) { return it.second; });
    return held == actual_.serial.end() ? std::nullopt : std::optional(held->first);
}

bool Planner::is_held_adapter(const Link& link) const {
    return std::ranges::any_of(actual_.serial, [&](const auto& it) { return it.second == link.ifindex; });
}

const Link* Planner::other_end(const Link& link) const {
    return link.kind == kVxcan && link.peer && !link.peer->namespace_id ? by_index(link.peer->ifindex)
                                                                        : nullptr;
}

bool Planner::is_taken(const InterfaceName& name, const Link& by_other_than) const {
    const Link* holder = by_name(name);
    return holder != nullptr && holder->ifindex != by_other_than.ifindex;
}

bool Planner::leftover(const Link& link) {
    return (link.kind == kVcan || link.kind == kVxcan) && link.group == netlink::kOwnedGroup &&
           link.alias.empty();
}

void Planner::wait(const DesiredLink& wish, std::string reason) {
    plan_.buses.insert_or_assign(wish.bus, Waiting{std::move(reason)});
}

void Planner::wait_passing(const DesiredLink& wish, std::string reason) {
    plan_.buses.insert_or_assign(wish.bus, Waiting{std::move(reason), true});
}

void Planner::refuse(const DesiredLink& wish, std::string reason) {
    plan_.buses.insert_or_assign(wish.bus, Refused{std::move(reason)});
}

void Planner::give_way(const DesiredLink& wish, const Link& taken, std::string refusal) {
    const Link* other = other_end(taken);
    const auto owner = owner_of(taken);
    const bool stays = std::ranges::any_of(desired_, [&](const DesiredLink& it) {
        const bool used_as_it_is =
            it.kind == Kind::existing &&
            (it.interface->str() == taken.name || (other != nullptr && it.interface->str() == other->name));
        return used_as_it_is || (owner && it.bus == *owner && it.bus != wish.bus);
    });
    if (owner && !stays) {
        wait_passing(wish, text(taken.name, " is to be replaced"));
    } else if (!stays && (leftover(taken) || (other != nullptr && leftover(*other)))) {
        wait(wish,
             text(taken.name, " was left behind by a process that died creating it: it is removed soon"));
    } else {
        refuse(wish, std::move(refusal));
    }
}

bool Planner::rests(const DesiredLink& wish) const {
    return actual_.dropped.contains(wish.bus) || actual_.unreachable.contains(wish.bus);
}

std::string Planner::why_resting(const DesiredLink& wish, const Link& link) const {
    return actual_.dropped.contains(wish.bus)
               ? why_dropped(wish)
               : text(link.name, " is down while the other end of its bus cannot be reached (on_offline)");
}

std::string why_dropped(const DesiredLink& wish) {
    return text("dropped by hand: \"mqttcan up ", wish.bus.str(), "\" resumes it");
}

void Planner::ready_or_wait(const DesiredLink& wish, const Link& link, std::string why_not) {
    if (rests(wish)) {
        wait(wish, why_resting(wish, link));
    } else if (netlink::usable(link)) {
        plan_.buses.insert_or_assign(wish.bus, Ready{link.ifindex});
    } else {
        wait(wish, std::move(why_not));
    }
}

// ---- whatever CAN interface has the name

void Planner::place_existing(const DesiredLink& wish) {
    const Link* link = by_name(*wish.interface);
    if (link == nullptr) {
        wait(wish, text("waiting for ", wish.interface->str(), ", which does not exist yet"));
        return;
    }
    if (!link->is_can) {
        refuse(wish, text(link->name, " is no CAN interface (", link->kind.empty() ? "hardware" : link->kind,
                          "): choose another name"));
        return;
    }
    if (is_held_adapter(*link) || !claimed_.insert(link->ifindex).second) {
        wait(wish, text(link->name, " carries another bus"));
        return;
    }
    ready_or_wait(wish, *link, why_down(*link));
}

std::string why_down(const Link& link) {
    if (link.up) {
        return text(link.name, " is up, but its other end is not: set that up as well");
    }
    const bool is_virtual = link.kind == kVcan || link.kind == kVxcan;
    return text(link.name, " is down: \"ip link set ", link.name, " up",
                is_virtual ? "\"" : " type can bitrate 500000\" (with the bit rate of your bus)");
}

// ---- vcan

void Planner::place_named_vcan(const DesiredLink& wish) {
    const Link* link = by_name(*wish.interface);
    if (link == nullptr) {
        return;  // it may have been renamed: place_vcan_by_mark() looks, or creates it
    }
    if (!link->is_can) {
        refuse(wish, text(link->name, " is no CAN interface (", link->kind.empty() ? "hardware" : link->kind,
                          "): choose another name"));
    } else if (link->kind == kVcan) {
        claim_vcan(wish, *link);
    } else {
        give_way(wish, *link,
                 link->kind == kVxcan
                     ? text(link->name, " is a vxcan, not a vcan: choose another name")
                     : text(link->name, " is CAN hardware, not a vcan: write \"kind\": \"can\" to use it"));
    }
}

/// Without a link of the wanted name: one of ours that bears the mark of this bus, or a new one.
void Planner::place_vcan_by_mark(const DesiredLink& wish) {
    if (const Link* link = by_mark(wish.bus, kVcan)) {
        claim_vcan(wish, *link);
        return;
    }
    auto& group = wish.interface ? named_ : numbered_;
    group.push_back(CreateVcan{wish.bus, wish.interface, wish.mtu, alias_for(wish.bus, instance_)});
    wait_passing(wish, text(wish.interface ? wish.interface->str() : "a vcan", " is to be created"));
}

void Planner::claim_vcan(const DesiredLink& wish, const Link& link) {
    claimed_.insert(link.ifindex);
    const bool is_ours = ours(link) || leftover(link);
    if (is_ours) {
        put_right(wish, link);
    }
    const bool keeps_up = !is_ours && link.up && !actual_.dropped.contains(wish.bus);
    if (rests(wish) && !keeps_up) {
        wait(wish, why_resting(wish, link));
    } else if (netlink::usable(link)) {
        plan_.buses.insert_or_assign(wish.bus, Ready{link.ifindex});
    } else if (is_ours) {
        wait_passing(wish, text(link.name, " is down: it is being set up"));
    } else {
        wait(wish, why_down(link));
    }
}

void Planner::put_right(const DesiredLink& wish, const Link& link) {
    const bool wants_up = !rests(wish);
    if (wish.interface && link.name != wish.interface->str()) {
        changes_.push_back(Rename{link.ifindex, *wish.interface});
    }
    if (link.mtu != wish.mtu && link.kind == kVcan) {
        changes_.push_back(SetMtu{link.ifindex, wish.mtu});
    }
    if (link.up != wants_up) {
        changes_.push_back(wants_up ? Action(SetUp{link.ifindex}) : Action(SetDown{link.ifindex}));
    }
    // Last: an alias that is set on a link that is down makes no event.
    if (const std::string alias = alias_for(wish.bus, instance_); link.alias != alias) {
        changes_.push_back(SetAlias{link.ifindex, alias});
    }
}

// ---- what nobody wants

/// Everything of ours that no bus claimed goes. One end of a pair takes the other along.
void Planner::sweep(const std::set<int>& stale_leftovers) {
    std::set<int> going;
    for (const auto& [ifindex, link] : actual_.links) {
        const Link* other = other_end(link);
        const auto in = [&](const std::set<int>& links) {
            return links.contains(ifindex) || (other != nullptr && links.contains(other->ifindex));
        };
        if (in(claimed_) || in(going)) {
            continue;
        }
        if (const auto mark = mark_of(link)) {
            const bool wanted = plan_.buses.contains(mark->bus);
            removals_.push_back(
                Remove{ifindex, text("bus ", mark->bus.str(),
                                     wanted ? " uses another interface now" : " is no longer configured")});
            going.insert(ifindex);
        } else if (!leftover(link) || (other != nullptr && ours(*other))) {
            continue;
        } else if (stale_leftovers.contains(ifindex)) {
            removals_.push_back(Remove{ifindex, "left behind, nameless, by a process that died creating it"});
            going.insert(ifindex);
        } else {
            plan_.leftovers.insert(ifindex);
        }
    }
}

}  // namespace mqttcan::supervisor
