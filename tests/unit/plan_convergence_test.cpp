// SPDX-License-Identifier: MIT
// "It is true from then on": whatever is configured, whatever is there, whatever other programs do, planning
// and performing by turns comes to rest, the declared state holds then, and nobody else's link was touched on
// the way.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/plan_world.hpp"

namespace mqttcan::supervisor {
namespace {

using config::Kind;
using netlink::Link;
using testing::FakeLinks;
using testing::interface;
using testing::number_of;

bool is_virtual(const Link& link) {
    return link.kind == "vcan" || link.kind == "vxcan";
}

bool ours_or_leftover(const Link& link) {
    const auto mark = parse_alias(link.alias);
    return is_virtual(link) && link.group == netlink::kOwnedGroup &&
           (link.alias.empty() || (mark && mark->instance == kInstance));
}

const Link* other_end(const Link& link, const std::map<int, Link>& links) {
    const bool here = link.peer && !link.peer->namespace_id && links.contains(link.peer->ifindex);
    return here ? &links.at(link.peer->ifindex) : nullptr;
}

/// The far end of a pair of ours whose near end somebody moved away.
bool is_orphan(const Link& link) {
    return link.kind == "vxcan" && link.group == netlink::kOwnedGroup && link.peer &&
           link.peer->namespace_id && std::ranges::any_of(kBuses, [&](const char* bus) {
               return link.alias == peer_alias_for(EntryName::parse(bus).value(), kInstance);
           });
}

/// Its far end, in another namespace, bears a mark of ours.
bool has_far_end_of_ours(World& world, const Link& link) {
    if (link.kind != "vxcan" || !link.peer || !link.peer->namespace_id) {
        return false;
    }
    const auto far = world.links.find_peer(*link.peer);
    return far && *far && (*far)->group == netlink::kOwnedGroup &&
           std::ranges::any_of(kBuses, [&](const char* bus) {
               return (*far)->alias == peer_alias_for(EntryName::parse(bus).value(), kInstance);
           });
}

/// What we may do as we like with: one end of a pair takes the other along.
bool belongs_to_us(const Link& link, const Actual& now) {
    const Link* other = other_end(link, now.links);
    return ours_or_leftover(link) || is_orphan(link) || (other != nullptr && ours_or_leftover(*other)) ||
           std::ranges::any_of(now.serial, [&](const auto& it) { return it.second == link.ifindex; });
}

bool fits(const DesiredLink& wish, const Link& link) {
    const auto agrees = [](const std::string& wanted, const std::string& there) {
        return wanted.empty() || wanted == there;
    };
    return (!wish.interface || wish.interface->str() == link.name) &&
           (!wish.match || (agrees(wish.match->serial, link.device.serial) &&
                            agrees(wish.match->driver, link.device.driver)));
}

/// Hardware whose bus asks for settings.
bool may_be_configured(const Link& link, const Desired& desired) {
    return link.kind == "can" && std::ranges::any_of(desired, [&](const DesiredLink& wish) {
               return wish.kind == Kind::can && wish.settings != CanSettings{} && fits(wish, link);
           });
}

int target_of(const Action& action) {
    return std::visit(
        [](const auto& one) {
            if constexpr (requires { one.ifindex; }) {
                return one.ifindex;
            } else {
                return 0;
            }
        },
        action);
}

/// Performs it, and sees to it that nobody else's link is another one afterwards.
int perform(World& world, const Desired& desired, const Action& action) {
    const Actual before = world.look(desired);
    const int target = target_of(action);
    std::set<int> pairs;
    for (const auto& [ifindex, link] : before.links) {
        if (has_far_end_of_ours(world, link)) {
            pairs.insert(ifindex);
        }
    }
    if (const auto at = before.links.find(target); at != before.links.end()) {
        const bool gentle =
            std::holds_alternative<Configure>(action) || std::holds_alternative<SetUp>(action);
        EXPECT_TRUE(belongs_to_us(at->second, before) || (gentle && may_be_configured(at->second, desired)))
            << "touches " << at->second.name << " by action " << action.index();
    }
    const int number = number_of(world.performer.perform(action));
    for (const auto& [ifindex, link] : before.links) {
        if (ifindex != target && !pairs.contains(ifindex) && !belongs_to_us(link, before)) {
            EXPECT_EQ(world.links.all().at(ifindex), link) << "changed " << link.name;
        }
    }
    return number;
}

/// Whether it failed for a reason that the planner cannot see; all it can do is ask again.
bool is_excused(const World& world, const Action& action, int number) {
    const FakeLinks& links = world.links;
    return (number == EPERM && !links.privileged) ||
           (number == EOPNOTSUPP && std::holds_alternative<CreateVcan>(action) && !links.has_vcan) ||
           (number == EOPNOTSUPP && std::holds_alternative<CreateVxcan>(action) && !links.has_vxcan) ||
           (number == EINVAL && std::holds_alternative<AttachSerial>(action) && !links.has_slcan) ||
           (number == EEXIST && std::holds_alternative<MovePeer>(action)) ||
           (number == ETIMEDOUT && std::holds_alternative<SetUp>(action));  // a deaf adapter
}

/// Plans and performs until there is nothing to do, or nothing that can be done; the plan of that moment.
Plan settle(World& world, const Desired& desired, const std::set<int>& stale = {}) {
    for (int round = 0; round < World::kEnoughRounds; ++round) {
        Plan made = plan(desired, world.look(desired), kInstance, stale);
        bool stuck = true;
        for (const Action& action : made.actions) {
            // A number may be taken by the name that a later action wanted: the next plan sees it.
            stuck = is_excused(world, action, perform(world, desired, action)) && stuck;
        }
        if (stuck) {
            return made;
        }
    }
    ADD_FAILURE() << "does not come to rest";
    return plan(desired, world.look(desired), kInstance, stale);
}

void check_settings(const DesiredLink& wish, const Link& link) {
    CanSettings made = wish.settings;
    if (made.bitrate == 123457U) {
        made.bitrate = 123076;
    }
    ASSERT_TRUE(wish.settings == CanSettings{} || link.controller);
    EXPECT_TRUE(wish.settings == CanSettings{} || differing(made, link.controller->settings) == CanSettings{})
        << link.name << " has other settings";
}

void check_peer(World& world, const DesiredLink& wish, const Link& near) {
    const auto& netns = wish.peer->netns;
    const auto view = netns ? world.links.look_at(*netns).value() : netlink::NamespaceView{};
    if (netns && view.exists && !view.ours) {
        EXPECT_EQ(near.peer->namespace_id, view.id);  // under which name, nobody here can see
    } else if (!near.peer->namespace_id) {  // or attached by hand, or in a namespace that lost its name
        const Link peer = world.links.all().at(near.peer->ifindex);
        EXPECT_EQ(peer.name, wish.peer->interface.str());
        EXPECT_EQ(peer.alias, peer_alias_for(wish.bus, kInstance));
        EXPECT_EQ(peer.mtu, wish.mtu);
        EXPECT_TRUE(peer.up);
    }
}

void check_ready(World& world, const DesiredLink& wish, const Link& link) {
    EXPECT_TRUE(fits(wish, link)) << link.name;
    const bool made_by_us = wish.kind == Kind::vxcan || (wish.kind == Kind::vcan && ours_or_leftover(link));
    if (made_by_us) {
        EXPECT_EQ(link.group, netlink::kOwnedGroup);
        EXPECT_EQ(link.alias, alias_for(wish.bus, kInstance));
        EXPECT_EQ(link.mtu, wish.mtu);
    }
    if (wish.kind == Kind::vcan || wish.kind == Kind::vxcan) {
        EXPECT_EQ(link.kind, wish.kind == Kind::vcan ? "vcan" : "vxcan");
    } else if (wish.kind != Kind::existing) {
        EXPECT_EQ(link.kind, "can");
        EXPECT_EQ(world.performer.holds(wish.bus), wish.kind == Kind::slcan);
        check_settings(wish, link);
    }
    if (wish.kind == Kind::vxcan) {
        check_peer(world, wish, link);
    }
}

/// At rest nothing is said to be under way.
void check_reason(const std::string& reason, const Plan& made) {
    for (const char* promise : {"is to be", "is being", "is detached", "is gone"}) {
        EXPECT_EQ(reason.find(promise), std::string::npos) << reason;
    }
    EXPECT_TRUE(reason.find("left behind") == std::string::npos || !made.leftovers.empty()) << reason;
}

void check_unwanted(World& world, const Desired& desired) {
    const auto now = world.links.all();
    for (const auto& [ifindex, link] : now) {
        const auto mark = parse_alias(link.alias);
        const Link* other = other_end(link, now);
        const auto wants = [&](const DesiredLink& wish) {
            const bool as_it_is =
                wish.kind == Kind::existing && (wish.interface->str() == link.name ||
                                                (other != nullptr && wish.interface->str() == other->name));
            return as_it_is ||
                   (wish.bus == mark->bus && link.kind == (wish.kind == Kind::vcan ? "vcan" : "vxcan"));
        };
        if (ours_or_leftover(link) && mark) {
            EXPECT_TRUE(std::ranges::any_of(desired, wants)) << "nobody wants " << link.name;
        }
    }
    for (const auto& [bus, ifindex] : world.look(desired).serial) {
        const auto wish = std::ranges::find(desired, bus, &DesiredLink::bus);
        EXPECT_TRUE(wish != desired.end() && wish->kind == Kind::slcan) << "nobody wants the adapter";
    }
}

/// The declared state, as far as links that are not ours allow it; not yet where the kernel said no.
void check(World& world, const Desired& desired, const Plan& made) {
    std::set<int> used;
    EXPECT_EQ(made.buses.size(), desired.size());
    for (const DesiredLink& wish : desired) {
        const Assignment& assignment = made.buses.at(wish.bus);
        if (const auto* ready = std::get_if<Ready>(&assignment)) {
            const Link link = world.links.all().at(ready->ifindex);
            EXPECT_TRUE(used.insert(ready->ifindex).second) << "two buses on " << link.name;
            EXPECT_TRUE(netlink::usable(link)) << link.name;
            if (made.actions.empty()) {
                check_ready(world, wish, link);
            }
            continue;
        }
        const bool numbered = wish.kind == Kind::vcan && !wish.interface;
        EXPECT_TRUE(!numbered || !world.links.has_vcan || !world.links.privileged ||
                    world.unreachable.contains(wish.bus) || world.dropped.contains(wish.bus))
            << "a numbered vcan needs nobody else";
        if (const auto* waiting = std::get_if<Waiting>(&assignment);
            waiting != nullptr && made.actions.empty()) {
            check_reason(waiting->reason, made);
        }
    }
    if (made.actions.empty()) {
        check_unwanted(world, desired);
    }
}

/// What the shell does when a configuration is loaded.
void reload(World& world, Desired& desired) {
    Desired next = world.configuration();
    for (const DesiredLink& before : desired) {
        const auto now = std::ranges::find(next, before.bus, &DesiredLink::bus);
        if (now != next.end() && now->kind == Kind::slcan && now->device != before.device) {
            world.performer.detach(before.bus);
        }
    }
    desired = std::move(next);
}

TEST(Planning, ComesToRestInTheDeclaredStateWhateverHappens) {
    for (unsigned seed = 0; seed < 3000 && !::testing::Test::HasFailure(); ++seed) {
        World world(seed);
        Desired desired = world.configuration();
        for (int step = 0; step < 12 && !::testing::Test::HasFailure(); ++step) {
            SCOPED_TRACE(text("seed ", seed, ", step ", step));
            for (unsigned count = world.below(4); count > 0; --count) {
                world.disturb();
            }
            if (world.chance(4)) {
                reload(world, desired);
            }
            if (world.chance(6)) {
                world.reject();
                check(world, desired, settle(world, desired));
                world.accept();
            }
            check(world, desired, settle(world, desired));
        }
    }
}

TEST(Planning, RemovesEveryLeftoverInTheEnd) {
    for (unsigned seed = 0; seed < 1000 && !::testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(text("seed ", seed));
        World world(seed);
        for (int count = 0; count < 12; ++count) {
            world.disturb();
        }
        const Desired desired = world.configuration();
        const std::set<int> stale = settle(world, desired).leftovers;
        const Plan made = settle(world, desired, stale);
        EXPECT_TRUE(made.leftovers.empty());
        check(world, desired, made);
    }
}

TEST(Planning, TriesAgainAfterTheKernelSaidNo) {
    FakeLinks links;
    const Desired desired{{.bus = EntryName::parse("a").value(), .interface = {}}};
    links.has_vcan = false;
    Performer performer(links);
    const auto now = [&] { return Actual{.links = links.all()}; };
    const Plan first = plan(desired, now(), kInstance);
    ASSERT_EQ(first.actions.size(), 1U);
    EXPECT_EQ(number_of(performer.perform(first.actions.front())), EOPNOTSUPP);
    links.has_vcan = true;
    ASSERT_TRUE(performer.perform(plan(desired, now(), kInstance).actions.front()));
    EXPECT_TRUE(std::holds_alternative<Ready>(plan(desired, now(), kInstance).buses.begin()->second));
}

TEST(Planning, KeepsTheSameLinksAfterAnOrderlyStopAndAfterACrash) {
    FakeLinks links;
    Performer performer(links);
    const auto now = [&] { return Actual{.links = links.all()}; };
    const Desired desired{{.bus = EntryName::parse("a").value(), .interface = {}},
                          {.bus = EntryName::parse("b").value(), .interface = interface("vcan0")}};
    for (const Action& action : plan(desired, now(), kInstance).actions) {
        ASSERT_TRUE(performer.perform(action));
    }
    const auto running = links.all();
    EXPECT_TRUE(plan(desired, now(), kInstance).actions.empty());  // after a crash: nothing to do
    for (const Action& action : stop_actions(desired, now(), kInstance)) {
        ASSERT_TRUE(performer.perform(action));
    }
    EXPECT_NE(links.all(), running);
    for (const Action& action : plan(desired, now(), kInstance).actions) {
        ASSERT_TRUE(performer.perform(action));
    }
    EXPECT_EQ(links.all(), running);
}

}  // namespace
}  // namespace mqttcan::supervisor
