// SPDX-License-Identifier: MIT
// "It is true from then on": whatever is configured, whatever is there, whatever other programs do, planning
// and performing by turns comes to rest, the declared state holds then, and nobody else's link was touched on
// the way.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "daemon/supervisor/perform.hpp"
#include "daemon/supervisor/plan.hpp"
#include "tests/support/fake_links.hpp"
#include "tests/support/values.hpp"

namespace mqttcan::supervisor {
namespace {

using config::Kind;
using netlink::Link;
using testing::FakeLinks;
using testing::interface;

const std::string kInstance = "me";

/// Some names for links and buses: few, so that they collide.
constexpr const char* kNames[] = {"vcan0", "vcan1", "vcan2", "vcan3", "can0", "other"};
constexpr const char* kBuses[] = {"a", "b", "c", "d"};

bool ours_or_leftover(const Link& link) {
    const auto mark = parse_alias(link.alias);
    return link.kind == "vcan" && link.group == netlink::kOwnedGroup &&
           (link.alias.empty() || (mark && mark->instance == kInstance));
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

class World {
  public:
    explicit World(unsigned seed) : random_(seed) {}

    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
    bool chance(unsigned one_in) { return below(one_in) == 0; }
    const char* any_name() { return kNames[below(std::size(kNames))]; }

    Desired configuration() {
        Desired desired;
        for (const char* name : kBuses) {
            if (chance(4)) {
                continue;
            }
            DesiredLink wish{.bus = EntryName::parse(name).value(), .interface = {}};
            wish.kind = chance(3) ? (chance(2) ? Kind::can : Kind::existing) : Kind::vcan;
            wish.mtu = chance(3) ? netlink::kClassicMtu : netlink::kFdMtu;
            if (wish.kind != Kind::vcan || chance(2)) {
                wish.interface = interface(any_name());
            }
            desired.push_back(wish);
        }
        std::ranges::shuffle(desired, random_);
        return desired;
    }

    /// What another program, or a crash of ours, may do.
    void disturb() {
        if (links_.all().empty() || chance(3)) {
            appear();
            return;
        }
        const auto victim =
            std::next(links_.all().begin(), below(static_cast<unsigned>(links_.all().size())));
        const int ifindex = victim->first;
        const std::string name = any_name();
        const bool name_is_free = !links_.find(interface(name)).value();
        switch (below(6)) {
            case 0:
                links_.erase(ifindex);
                break;
            case 1:
                links_.tamper(ifindex, [](Link& link) { link.up = !link.up; });
                break;
            case 2:
                links_.tamper(ifindex, [](Link& link) { link.mtu = 88 - link.mtu; });
                break;
            case 3:
                links_.tamper(ifindex, [&](Link& link) { link.name = name_is_free ? name : link.name; });
                break;
            case 4:
                links_.tamper(ifindex, [&](Link& link) { link.alias = any_alias(); });
                break;
            default:
                links_.tamper(ifindex,
                              [&](Link& link) { link.group = chance(2) ? 0 : netlink::kOwnedGroup; });
        }
    }

    FakeLinks& links() { return links_; }

  private:
    void appear() {
        const std::string name = any_name();
        if (links_.find(interface(name)).value()) {
            return;
        }
        const int ifindex =
            chance(3) ? links_.add_hardware(name, chance(2)) : links_.add_vcan(name, chance(2));
        if (chance(2)) {
            links_.tamper(ifindex, [&](Link& link) {
                link.group = netlink::kOwnedGroup;
                link.alias = any_alias();
            });
        }
    }
    std::string any_alias() {
        const auto name = EntryName::parse(kBuses[below(std::size(kBuses))]).value();
        switch (below(4)) {
            case 0:
                return {};
            case 1:
                return alias_for(name, "another");
            case 2:
                return "somebody's own words";
            default:
                return alias_for(name, kInstance);
        }
    }

    std::mt19937 random_;
    FakeLinks links_;
};

/// Plans and performs until there is nothing to do; the plan of that moment.
Plan settle(World& world, const Desired& desired, const std::set<int>& stale) {
    constexpr int kEnough = 10;
    for (int round = 0; round < kEnough; ++round) {
        Plan made = plan(desired, world.links().all(), kInstance, stale);
        if (made.actions.empty()) {
            return made;
        }
        for (const Action& action : made.actions) {
            const Actual before = world.links().all();
            if (const int target = target_of(action); target != 0 && before.contains(target)) {
                EXPECT_TRUE(ours_or_leftover(before.at(target))) << "touches " << before.at(target).name;
            }
            // A number may be taken by the name that a later action wanted: the next plan sees it.
            (void)perform(world.links(), action);
            for (const auto& [ifindex, link] : before) {
                if (!ours_or_leftover(link)) {
                    EXPECT_EQ(world.links().all().at(ifindex), link) << "changed " << link.name;
                }
            }
        }
    }
    ADD_FAILURE() << "does not come to rest";
    return {};
}

/// The declared state, as far as links that are not ours allow it.
void check(const Desired& desired, const Actual& now, const Plan& made) {
    std::set<int> used;
    EXPECT_EQ(made.buses.size(), desired.size());
    for (const DesiredLink& wish : desired) {
        const Assignment& assignment = made.buses.at(wish.bus);
        const Ready* ready = std::get_if<Ready>(&assignment);
        if (!wish.interface) {
            ASSERT_NE(ready, nullptr) << "a numbered vcan needs nobody else";
        }
        if (ready == nullptr) {
            continue;
        }
        const Link& link = now.at(ready->ifindex);
        EXPECT_TRUE(used.insert(ready->ifindex).second) << "two buses on " << link.name;
        EXPECT_TRUE(netlink::usable(link));
        EXPECT_TRUE(!wish.interface || wish.interface->str() == link.name);
        EXPECT_TRUE(wish.kind != Kind::vcan || link.kind == "vcan");
        EXPECT_TRUE(wish.kind != Kind::can || link.kind == "can");
        if (wish.kind == Kind::vcan && ours_or_leftover(link)) {
            EXPECT_EQ(link.alias, alias_for(wish.bus, kInstance));
            EXPECT_EQ(link.mtu, wish.mtu);
        }
    }
    for (const auto& [ifindex, link] : now) {
        const auto mark = parse_alias(link.alias);
        if (ours_or_leftover(link) && mark) {
            EXPECT_TRUE(std::ranges::any_of(desired,
                                            [&](const DesiredLink& wish) {
                                                const bool as_it_is = wish.kind == Kind::existing &&
                                                                      wish.interface->str() == link.name;
                                                return wish.bus == mark->bus || as_it_is;
                                            }))
                << "nobody wants " << link.name;
        }
    }
}

TEST(Planning, ComesToRestInTheDeclaredStateWhateverHappens) {
    for (unsigned seed = 0; seed < 3000 && !::testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(text("seed ", seed));
        World world(seed);
        Desired desired = world.configuration();
        for (int step = 0; step < 12; ++step) {
            for (unsigned count = world.below(4); count > 0; --count) {
                world.disturb();
            }
            if (world.chance(4)) {
                desired = world.configuration();
            }
            check(desired, world.links().all(), settle(world, desired, {}));
        }
    }
}

TEST(Planning, RemovesEveryLeftoverInTheEnd) {
    for (unsigned seed = 0; seed < 500 && !::testing::Test::HasFailure(); ++seed) {
        World world(seed);
        for (int count = 0; count < 6; ++count) {
            world.disturb();
        }
        const Desired desired = world.configuration();
        const std::set<int> stale = settle(world, desired, {}).leftovers;
        const Plan made = settle(world, desired, stale);
        EXPECT_TRUE(made.leftovers.empty());
        check(desired, world.links().all(), made);
    }
}

TEST(Planning, TriesAgainAfterTheKernelSaidNo) {
    FakeLinks links;
    const Desired desired{{.bus = EntryName::parse("a").value(), .interface = {}}};
    links.has_vcan = false;
    const Plan first = plan(desired, links.all(), kInstance);
    ASSERT_EQ(first.actions.size(), 1U);
    EXPECT_EQ(testing::number_of(perform(links, first.actions.front())), EOPNOTSUPP);
    links.has_vcan = true;
    ASSERT_TRUE(perform(links, plan(desired, links.all(), kInstance).actions.front()));
    EXPECT_TRUE(std::holds_alternative<Ready>(plan(desired, links.all(), kInstance).buses.begin()->second));
}

TEST(Planning, KeepsTheSameLinksAfterAnOrderlyStopAndAfterACrash) {
    FakeLinks links;
    const Desired desired{{.bus = EntryName::parse("a").value(), .interface = {}},
                          {.bus = EntryName::parse("b").value(), .interface = interface("vcan0")}};
    for (const Action& action : plan(desired, links.all(), kInstance).actions) {
        ASSERT_TRUE(perform(links, action));
    }
    const Actual running = links.all();
    EXPECT_TRUE(plan(desired, links.all(), kInstance).actions.empty());  // after a crash: nothing to do
    for (const Action& action : stop_actions(desired, links.all(), kInstance)) {
        ASSERT_TRUE(perform(links, action));
    }
    EXPECT_NE(links.all(), running);
    for (const Action& action : plan(desired, links.all(), kInstance).actions) {
        ASSERT_TRUE(perform(links, action));
    }
    EXPECT_EQ(links.all(), running);
}

}  // namespace
}  // namespace mqttcan::supervisor
