// SPDX-License-Identifier: MIT
// A machine in memory for the tests of the planner: links, namespaces and adapters, and what the shell does
// between two plans. Included by those alone.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "daemon/supervisor/perform.hpp"
#include "daemon/supervisor/plan.hpp"
#include "tests/support/fake_links.hpp"

namespace mqttcan::supervisor {

class Machine {
  public:
    static constexpr int kEnoughRounds = 10;

    testing::FakeLinks links;
    Performer performer{links};
    std::set<EntryName> unreachable;
    std::set<EntryName> dropped;
    int actions = 0;  ///< performed so far, whatever came of them

    void plug(const std::string& device, bool deaf = false) {
        links.plug(device, deaf);
        devices_.insert(device);
    }
    void unplug(const std::string& device) {
        links.unplug(device);
        devices_.erase(device);
    }
    /// Dies and is started again: what only the process knew or held is gone.
    void restart() {
        std::destroy_at(&performer);
        std::construct_at(&performer, links);
    }
    const std::set<std::string>& devices() const { return devices_; }

    Actual look(const Desired& desired) {
        Actual actual{.links = links.all(), .devices = devices_, .dropped = dropped};
        for (const DesiredLink& wish : desired) {
            const bool is_virtual = wish.kind == config::Kind::vcan || wish.kind == config::Kind::vxcan;
            if (is_virtual && unreachable.contains(wish.bus)) {  // others know no on_offline
                actual.unreachable.insert(wish.bus);
            }
            if (wish.peer && wish.peer->netns) {
                actual.namespaces.emplace(*wish.peer->netns, links.look_at(*wish.peer->netns).value());
            }
        }
        performer.tell(actual);
        return actual;
    }

    /// Plans and performs until there is nothing to do; the plan of that moment.
    Plan settle(const Desired& desired, const std::set<int>& stale = {}, const std::string& instance = "") {
        for (int round = 0; round < kEnoughRounds; ++round) {
            Plan made = plan(desired, look(desired), instance, stale);
            if (made.actions.empty()) {
                return made;
            }
            for (const Action& action : made.actions) {
                // A number may be taken by the name that a later action wanted: the next plan sees it.
                (void)performer.perform(action);
                ++actions;
            }
        }
        ADD_FAILURE() << "does not come to rest";
        return plan(desired, look(desired), instance, stale);
    }

    /// Settles; the name of the link that the bus is Ready with, or why it is not.
    std::string ready(const Desired& desired, const EntryName& bus) {
        const Plan made = settle(desired);
        const Assignment& assignment = made.buses.at(bus);
        if (const auto* ready = std::get_if<Ready>(&assignment)) {
            return links.all().at(ready->ifindex).name;
        }
        const auto* waiting = std::get_if<Waiting>(&assignment);
        return waiting != nullptr ? waiting->reason : std::get<Refused>(assignment).reason;
    }

    netlink::Link link(const std::string& name) {
        return links.find(InterfaceName::parse(name).value()).value().value_or(netlink::Link{});
    }

  private:
    std::set<std::string> devices_;
};

}  // namespace mqttcan::supervisor
