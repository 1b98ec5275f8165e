// SPDX-License-Identifier: MIT
// CAN controllers: hardware, which is found, and serial adapters, which are attached. Both are configured the
// same way, and only where the bus says something about it.
#include <algorithm>

#include "base/text.hpp"
#include "daemon/supervisor/planner.hpp"

namespace mqttcan::supervisor {
namespace {

using netlink::Link;

bool matches(const config::Match& match, const netlink::Device& device) {
    const auto agrees = [](const std::string& wanted, const std::string& there) {
        return wanted.empty() || wanted == there;
    };
    return agrees(match.serial, device.serial) && agrees(match.path, device.path) &&
           agrees(match.driver, device.driver);
}

std::string in_words(const config::Match& match) {
    std::string words;
    const auto add = [&](std::string_view what, const std::string& value) {
        if (!value.empty()) {
            words += text(words.empty() ? "" : ", ", what, ' ', value);
        }
    };
    add("serial", match.serial);
    add("path", match.path);
    add("driver", match.driver);
    return words;
}

}  // namespace

std::string Planner::misfit_hardware(const Link& link) const {
    if (!link.is_can) {
        return text(link.name, " is no CAN interface (", link.kind.empty() ? "hardware" : link.kind,
                    "): choose another name");
    }
    if (link.kind == "vcan" || link.kind == "vxcan") {
        return text(link.name, " is a ", link.kind, ", not CAN hardware",
                    link.kind == "vcan" ? ": write \"kind\": \"vcan\" to use it" : ": choose another name");
    }
    return {};
}

/// The closest description first: a bus that takes any adapter of a driver must not take that which another
/// knows by its serial number.
void Planner::place_matches() {
    const auto vagueness = [](const DesiredLink* wish) {
        return wish->match->serial.empty() + wish->match->path.empty() + wish->match->driver.empty();
    };
    std::vector<const DesiredLink*> wishes;
    for (const DesiredLink& wish : desired_) {
        if (wish.match && !wish.interface) {
            wishes.push_back(&wish);
        }
    }
    std::ranges::stable_sort(wishes, {}, vagueness);
    for (const DesiredLink* wish : wishes) {
        place(*wish);
    }
}

void Planner::place_hardware(const DesiredLink& wish) {
    const Link* link = nullptr;
    if (wish.interface) {
        link = by_name(*wish.interface);
    } else {
        for (const auto& [ifindex, candidate] : actual_.links) {
            if (!claimed_.contains(ifindex) && !is_held_adapter(candidate) &&
                misfit_hardware(candidate).empty() && matches(*wish.match, candidate.device)) {
                link = &candidate;
                break;
            }
        }
    }
    if (link == nullptr) {
        wait(wish, text("waiting for ",
                        wish.interface ? wish.interface->str() : "an interface with " + in_words(*wish.match),
                        ", which does not exist yet: plug it in, or load its driver"));
        return;
    }
    if (std::string wrong = misfit_hardware(*link); !wrong.empty()) {
        refuse(wish, std::move(wrong));
        return;
    }
    if (is_held_adapter(*link)) {
        wait(wish, text("waiting for ", link->name, ": that of now is the serial adapter of another bus"));
        return;
    }
    claimed_.insert(link->ifindex);
    settle_controller(wish, *link);
}

void Planner::place_serial(const DesiredLink& wish) {
    const auto held = actual_.serial.find(wish.bus);
    if (actual_.dropped.contains(wish.bus)) {
        if (held != actual_.serial.end()) {
            claimed_.insert(held->second);
            removals_.push_back(DetachSerial{wish.bus});  // its tty is free for others meanwhile
        }
        wait(wish, why_dropped(wish));
        return;
    }
    if (held == actual_.serial.end()) {
        attach_serial(wish);
        return;
    }
    const Link* link = by_index(held->second);
    if (link == nullptr) {
        // The adapter was unplugged: the link went, the dead descriptor has to follow.
        removals_.push_back(DetachSerial{wish.bus});
        wait(wish, text("the adapter at ", wish.device, " is gone"));
        return;
    }
    claimed_.insert(link->ifindex);
    if (link->name != wish.interface->str()) {
        if (is_taken(*wish.interface, *link)) {
            // By one that may want the name that we have: let go, rather than wait for each other.
            removals_.push_back(DetachSerial{wish.bus});
            wait(wish, text(link->name, " is detached: ", wish.interface->str(), " is another link now"));
            return;
        }
        changes_.push_back(Rename{link->ifindex, *wish.interface});
    }
    settle_controller(wish, *link);
}

void Planner::attach_serial(const DesiredLink& wish) {
    if (const Link* taken = by_name(*wish.interface)) {
        give_way(wish, *taken,
                 text(taken->name, " exists already (", kind_in_words(*taken),
                      "): choose another name for the serial adapter"));
    } else if (!actual_.devices.contains(wish.device)) {
        wait(wish, text("waiting for ", wish.device, ", which does not exist yet: plug the adapter in"));
    } else {
        named_.push_back(
            AttachSerial{wish.bus, wish.device, *wish.interface, alias_for(wish.bus, instance_)});
        wait(wish, text(wish.interface->str(), " is to be attached to ", wish.device));
    }
}

void Planner::settle_controller(const DesiredLink& wish, const Link& link) {
    if (wish.settings == CanSettings{} || actual_.dropped.contains(wish.bus)) {
        ready_or_wait(wish, link, why_down(link));
        return;
    }
    const CanSettings there = link.controller ? link.controller->settings : CanSettings{};
    const CanSettings unmet = differing(wish.settings, there);
    CanSettings lacking = unmet;
    const auto tried = actual_.tried.find(link.ifindex);
    const bool known = tried != actual_.tried.end() && tried->second.asked == wish.settings;
    const bool refused = known && !tried->second.refusal.empty();
    if (known) {
        // A controller makes of a wish what it can; what it made is not asked for again, nor is what it
        // refused, until somebody changes it.
        lacking = restricted(lacking, differing(tried->second.made, there));
    }
    if (lacking != CanSettings{}) {
        const bool all = needs_down(lacking) || refused;
        changes_.push_back(Configure{link.ifindex, all ? wish.settings : lacking, wish.settings});
        wait(wish, text(link.name, " is to be configured"));
        return;
    }
    if (refused && unmet != CanSettings{}) {
        refuse(wish, tried->second.refusal);
        return;
    }
    if (!link.up) {
        changes_.push_back(SetUp{link.ifindex});
    }
    ready_or_wait(wish, link, text(link.name, " is down: it is being set up"));
}

/// Adapters that no bus wants, or wants otherwise.
void Planner::sweep_serial() {
    for (const auto& [bus, ifindex] : actual_.serial) {
        if (!claimed_.contains(ifindex) &&
            std::ranges::find(removals_, Action(DetachSerial{bus})) == removals_.end()) {
            removals_.push_back(DetachSerial{bus});
        }
    }
}

}  // namespace mqttcan::supervisor
