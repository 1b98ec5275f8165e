// SPDX-License-Identifier: MIT
// The planner and pairs: where the other end belongs, and what becomes of a pair that cannot be put right.
#include <gmock/gmock.h>

#include "tests/unit/plan_machine.hpp"
#include "tests/unit/plan_words.hpp"

namespace mqttcan::supervisor {
namespace {

using netlink::NamespaceView;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::VariantWith;

const NetworkNamespace kEcu{.path = "/run/netns/ecu"};
constexpr const char* kAlias = "mqttcan:bench";
constexpr const char* kPeerAlias = "mqttcan-peer:bench";
const InterfaceName kPassing = passing_name(bus("bench"), "");

template <typename T>
auto is(T action) {
    return VariantWith<T>(action);
}

Actual seeing(Actual now, const NetworkNamespace& space, NamespaceView view) {
    now.namespaces[space] = view;
    return now;
}

/// 5 and 6, as they are without a namespace.
Actual both_here() {
    return actual({end_of_pair(5, "x0", 6, kAlias), end_of_pair(6, "x1", 5, kPeerAlias)});
}
/// 5, its other end in the namespace of that number.
Link near_of_moved(int number = 0) {
    return away(end_of_pair(5, "x0", 6, kAlias), number);
}

const Desired kHere{pair("bench", "x0", "x1")};
const Desired kThere{pair("bench", "x0", "can0", kEcu)};

// ---- creation

TEST(VxcanBus, IsCreatedWithBothNamesWhenThePeerStays) {
    const Plan made = plan_default(kHere, {});
    EXPECT_THAT(
        made.actions,
        ElementsAre(is(CreateVxcan{bus("bench"), interface("x0"), interface("x1"), 72, kAlias, kPeerAlias})));
    EXPECT_THAT(of(made, "bench"), is_waiting(HasSubstr("x0 is to be created")));
}

TEST(VxcanBus, WaitsForTheNamespaceOfItsPeerBeforeAnythingIsMade) {
    const NetworkNamespace process{.pid = 4711};
    for (const NetworkNamespace& space : {kEcu, process}) {
        for (const Actual& now : {Actual{}, seeing({}, space, {.exists = false})}) {
            const Plan made = plan_default({pair("bench", "x0", "can0", space)}, now);
            EXPECT_THAT(made.actions, IsEmpty());
            EXPECT_THAT(of(made, "bench"), is_waiting(HasSubstr(space.str())));
        }
    }
}

TEST(VxcanBus, IsCreatedUnderAPassingNameWhenThePeerLeaves) {
    DesiredLink wish = kThere[0];
    wish.mtu = 16;
    // Here somebody else may have the name that the peer gets there.
    const Actual now = seeing(actual({hardware(3, "can0")}), kEcu, {.exists = true});
    EXPECT_THAT(
        plan_default({wish}, now).actions,
        ElementsAre(is(CreateVxcan{bus("bench"), interface("x0"), kPassing, 16, kAlias, kPeerAlias})));
}

TEST(VxcanBus, HasItsPeerMovedAndIsReadyOnlyThen) {
    Actual now =
        actual({down(end_of_pair(5, "x0", 6, kAlias)), down(end_of_pair(6, kPassing.str(), 5, kPeerAlias))});
    const Plan made = plan_default(kThere, seeing(now, kEcu, {.exists = true}));
    EXPECT_THAT(made.actions,
                ElementsAre(is(supervisor::SetUp{5}), is(MovePeer{6, kEcu, interface("can0")})));
    EXPECT_THAT(of(made, "bench"), is_waiting(HasSubstr("to be moved to network namespace /run/netns/ecu")));
}

TEST(VxcanBus, IsReadyOnlyWhenItsOperstateIsUp) {
    Link near = near_of_moved();
    const auto assigned = [&](int operstate) {
        near.operstate = operstate;
        const Plan made = plan_default(kThere, seeing(actual({near}), kEcu, {.exists = true, .id = 0}));
        EXPECT_THAT(made.actions, IsEmpty());
        return of(made, "bench");
    };
    EXPECT_THAT(assigned(netlink::kOperstateUp), is_ready(5));
    for (const int operstate : {netlink::kOperstateUnknown, 2, 3}) {
        EXPECT_THAT(assigned(operstate), is_waiting(HasSubstr("ip link set can0 up")));
    }
}

TEST(VxcanBus, KeepsThePairWhenTheNamespaceDiesBeforeTheMove) {
    const Actual now =
        actual({end_of_pair(5, "x0", 6, kAlias), end_of_pair(6, kPassing.str(), 5, kPeerAlias)});
    const Plan made = plan_default(kThere, now);
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "bench"), is_waiting(HasSubstr("waiting for network namespace")));
}

TEST(VxcanBus, NeedsNoMoveWhenTheNamespaceIsOurOwn) {
    const Actual now =
        seeing(actual({end_of_pair(5, "x0", 6, kAlias), down(end_of_pair(6, kPassing.str(), 5, kPeerAlias))}),
               kEcu, {.exists = true, .ours = true});
    EXPECT_THAT(plan_default(kThere, now).actions,
                ElementsAre(is(Rename{6, interface("can0")}), is(supervisor::SetUp{6})));
}

// ---- putting right

TEST(VxcanBus, IsLeftAloneWhenItIsRight) {
    const Plan made = plan_default(kHere, both_here());
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "bench"), is_ready(5));
}

TEST(VxcanBus, GetsTheNameAndTheStateOfBothEndsBack) {
    const Actual now =
        actual({down(end_of_pair(5, "near", 6, kAlias)), down(end_of_pair(6, "far", 5, kPeerAlias))});
    EXPECT_THAT(plan_default(kHere, now).actions,
                ElementsAre(is(Rename{5, interface("x0")}), is(supervisor::SetUp{5}),
                            is(Rename{6, interface("x1")}), is(supervisor::SetUp{6})));
}

TEST(VxcanBus, IsReplacedWhenThePeerIsInAnotherNamespace) {
    for (const NamespaceView& view : {NamespaceView{.exists = true, .id = 1}, NamespaceView{.exists = true},
                                      NamespaceView{.exists = true, .ours = true}}) {
        const Plan made = plan_default(kThere, seeing(actual({near_of_moved()}), kEcu, view));
        EXPECT_THAT(made.actions, ElementsAre(removes(5)));
        EXPECT_THAT(of(made, "bench"), is_waiting(HasSubstr("is not in network namespace")));
    }
}

TEST(VxcanBus, SaysWhyTheNamespaceOfItsPeerCannotBeLookedAt) {
    Actual now;
    now.unseen.emplace(kEcu, "opening it: Permission denied");
    const Plan made = plan_default(kThere, now);
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "bench"), is_waiting(HasSubstr("Permission denied")));
}

TEST(VxcanBus, StaysInANamespaceThatHasLostItsName) {
    // "ip netns del" takes the name; the namespace lives as long as a process is in it.
    for (const Actual& now : {actual({near_of_moved()}), seeing(actual({near_of_moved()}), kEcu, {})}) {
        const Plan made = plan_default(kThere, now);
        EXPECT_THAT(made.actions, IsEmpty());
        EXPECT_THAT(of(made, "bench"), is_ready(5));
    }
}

TEST(VxcanBus, LeavesAPeerThatWasAttachedWhereItIs) {
    const Plan made = plan_default(kHere, actual({near_of_moved()}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "bench"), is_ready(5));
}

TEST(VxcanBus, IsReplacedWhenTheMtuOfAnEndIsNotTheWantedOne) {
    for (const int changed : {5, 6}) {
        Actual now = both_here();
        now.links.at(changed).mtu = 16;
        const Plan made = plan_default(kHere, now);
        EXPECT_THAT(made.actions, ElementsAre(removes(5))) << changed;
        EXPECT_THAT(of(made, "bench"), is_waiting(HasSubstr("MTU")));
    }
}

// ---- names that are taken

TEST(VxcanBus, IsRefusedWhenSomebodyElseHasItsName) {
    Link strange = end_of_pair(5, "x0", 6, kAlias);
    strange.group = 0;
    for (const Link& link :
         {vcan(5, "x0"), hardware(5, "x0"), strange, ours(5, "x0", "mqttcan:bench@another")}) {
        const Plan made = plan_default(kHere, actual({link}));
        EXPECT_THAT(made.actions, IsEmpty());
        EXPECT_THAT(of(made, "bench"),
                    is_refused(AllOf(HasSubstr("x0 exists already"), HasSubstr("choose another name"))));
    }
}

TEST(VxcanBus, IsRefusedWhenSomebodyElseHasTheNameOfThePeer) {
    const Plan made = plan_default(kHere, actual({vcan(5, "x1")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "bench"), is_refused(AllOf(HasSubstr("x1 exists already"), HasSubstr("netns"))));
    const Actual named_our_own = seeing(actual({vcan(5, "can0")}), kEcu, {.exists = true, .ours = true});
    EXPECT_THAT(of(plan_default(kThere, named_our_own), "bench"), is_refused(HasSubstr("can0 exists")));
}

TEST(VxcanBus, IsRefusedWhenSomebodyElseHasTheNameThatThePeerNeedsOnItsWay) {
    const Plan made = plan_default(kThere, seeing(actual({vcan(3, kPassing.str())}), kEcu, {.exists = true}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "bench"), is_refused(AllOf(HasSubstr(kPassing.str()), HasSubstr("on its way"))));
}

TEST(VxcanBus, GoesWhenItWasRenamedAndItsNameIsTakenMeanwhile) {
    for (const char* name : {"x0", "x1"}) {
        Machine machine;
        machine.settle(kHere);
        machine.links.tamper(machine.link(name).ifindex, [](Link& link) { link.name = "elsewhere"; });
        const int stranger = machine.links.add_vcan(name);
        EXPECT_THAT(of(machine.settle(kHere), "bench"), is_refused(HasSubstr(name)));
        EXPECT_EQ(machine.links.all().size(), 1U);
        machine.links.erase(stranger);
        EXPECT_EQ(machine.ready(kHere, bus("bench")), "x0");
    }
}

TEST(VxcanBus, ExchangesNamesWithAnother) {
    Machine machine;
    machine.settle({pair("a", "x0", "x1"), pair("b", "y0", "y1")});
    for (const Desired& desired : {Desired{pair("a", "y0", "x1"), pair("b", "x0", "y1")},
                                   Desired{pair("a", "y0", "y1"), pair("b", "x0", "x1")},
                                   Desired{pair("a", "y1", "y0"), pair("b", "x1", "x0")}}) {
        const Plan made = machine.settle(desired);
        EXPECT_THAT(of(made, "a"), is_ready(machine.link(desired[0].interface->str()).ifindex));
        EXPECT_THAT(of(made, "b"), is_ready(machine.link(desired[1].interface->str()).ifindex));
    }
}

TEST(VxcanBus, IsToldTheTruthAboutANumberedVcanThatHasItsName) {
    const Plan made =
        plan_default({numbered("a"), pair("bench", "vcan0", "x1")}, actual({ours(5, "vcan0", "mqttcan:a")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "a"), is_ready(5));
    EXPECT_THAT(of(made, "bench"), is_refused(HasSubstr("vcan0 exists already")));
}

// ---- another kind

TEST(VxcanBus, TakesThePlaceOfTheVcanThatItsBusWasBefore) {
    for (const Desired& now : {Desired{pair("bench", "x0", "x1")}, Desired{pair("bench", "x1", "x0")}}) {
        Machine machine;
        machine.settle({named("bench", "x0")});
        const Plan first = plan_default(now, machine.look(now));
        EXPECT_THAT(of(first, "bench"), is_waiting(HasSubstr("x0 is to be replaced")));
        EXPECT_EQ(machine.ready(now, bus("bench")), now[0].interface->str());
        EXPECT_EQ(machine.links.all().size(), 2U);
    }
}

TEST(VxcanBus, GivesItsPlaceToTheVcanThatItsBusIsNow) {
    for (const char* name : {"x0", "x1"}) {
        Machine machine;
        machine.settle(kHere);
        const Desired now{named("bench", name)};
        EXPECT_THAT(of(plan_default(now, machine.look(now)), "bench"), is_waiting(HasSubstr("replaced")));
        EXPECT_EQ(machine.ready(now, bus("bench")), name);
        EXPECT_EQ(machine.links.all().size(), 1U);
        EXPECT_EQ(machine.link(name).kind, "vcan");
    }
}

TEST(VxcanBus, GoesWithItsPeerWhenNoBusWantsIt) {
    EXPECT_THAT(plan_default({}, both_here()).actions, ElementsAre(removes(5)));
    EXPECT_THAT(plan_default({}, actual({near_of_moved()})).actions, ElementsAre(removes(5)));
    // The peer may have the lower number.
    EXPECT_THAT(
        plan_default({}, actual({end_of_pair(8, "x0", 7, kAlias), end_of_pair(7, "x1", 8, kPeerAlias)}))
            .actions,
        ElementsAre(removes(8)));
}

TEST(VxcanBus, GoesOnceWhenBothEndsBearTheMarkOfABus) {
    const Actual now = actual({end_of_pair(5, "x0", 6, kAlias), end_of_pair(6, "x1", 5, "mqttcan:other")});
    EXPECT_THAT(plan_default({}, now).actions, ElementsAre(removes(5)));
    EXPECT_THAT(plan_default(kHere, now).actions, ElementsAre(is(SetAlias{6, kPeerAlias})));
}

// ---- crashes

TEST(VxcanBus, IsALeftoverWhenTheCrashCameBeforeTheAliases) {
    Machine machine;
    machine.links.dies_before_naming = true;
    ASSERT_FALSE(machine.performer.perform(plan_default(kHere, {}).actions.front()));
    machine.links.dies_before_naming = false;
    const int near = machine.link("x0").ifindex;
    const int peer = machine.link("x1").ifindex;
    for (const Desired& desired :
         {kHere, Desired{pair("bench", "x1", "x2")}, Desired{pair("b", "x2", "x1")}}) {
        const Plan made = plan_default(desired, machine.look(desired));
        EXPECT_THAT(made.actions, IsEmpty());
        EXPECT_THAT(made.leftovers, ElementsAre(near, peer));
        EXPECT_THAT(made.buses.begin()->second, is_waiting(HasSubstr("left behind")));
        const auto later = plan(desired, machine.look(desired), "", {near, peer}).actions;
        EXPECT_THAT(later, ElementsAre(removes(near)));
    }
    machine.settle(kHere, {near, peer});
    EXPECT_EQ(machine.ready(kHere, bus("bench")), "x0");
}

TEST(VxcanBus, IsALeftoverWhenOnlyThePeerHasItsAlias) {
    const Actual now = actual({end_of_pair(5, "x0", 6, ""), end_of_pair(6, "x1", 5, kPeerAlias)});
    for (const Desired& desired : {Desired{}, kHere}) {
        EXPECT_THAT(plan_default(desired, now).leftovers, ElementsAre(5));
        EXPECT_THAT(plan_default(desired, now).actions, IsEmpty());
        EXPECT_THAT(plan(desired, now, "", {5}).actions, ElementsAre(removes(5)));
    }
}

TEST(VxcanBus, GivesThePeerTheAliasThatACrashKeptFromIt) {
    const Actual now =
        seeing(actual({end_of_pair(5, "x0", 6, kAlias), end_of_pair(6, kPassing.str(), 5, "")}), kEcu,
               {.exists = true});
    const Plan made = plan_default(kThere, now);
    EXPECT_THAT(made.actions,
                ElementsAre(is(SetAlias{6, kPeerAlias}), is(MovePeer{6, kEcu, interface("can0")})));
    EXPECT_THAT(made.leftovers, IsEmpty());
    EXPECT_THAT(plan({}, now, "", {6}).actions, ElementsAre(removes(5)));
}

// ---- namespaces that come and go

TEST(VxcanBus, FollowsTheNamespaceOfItsPeer) {
    Machine machine;
    EXPECT_THAT(of(machine.settle(kThere), "bench"), is_waiting(HasSubstr("waiting for network namespace")));
    for (int life = 0; life < 3; ++life) {
        machine.links.add_namespace(kEcu);
        EXPECT_EQ(machine.ready(kThere, bus("bench")), "x0");
        EXPECT_TRUE(machine.links.find_elsewhere(kEcu, "can0").value().up);
        machine.links.set_up_elsewhere(kEcu, "can0", false);
        EXPECT_THAT(of(machine.settle(kThere), "bench"), is_waiting(HasSubstr("ip link set can0 up")));
        machine.links.remove_namespace(kEcu);
        EXPECT_THAT(of(machine.settle(kThere), "bench"), is_waiting(Not(HasSubstr("moved"))));
        EXPECT_THAT(machine.links.all(), IsEmpty());
    }
}

TEST(VxcanBus, MovesToTheNamespaceOfANewConfiguration) {
    const NetworkNamespace other{.pid = 12};
    Machine machine;
    machine.links.add_namespace(kEcu);
    machine.links.add_namespace(other);
    machine.settle(kThere);
    const Desired now{pair("bench", "x0", "can7", other)};
    EXPECT_EQ(machine.ready(now, bus("bench")), "x0");
    EXPECT_FALSE(machine.links.find_elsewhere(kEcu, "can0"));
    EXPECT_TRUE(machine.links.find_elsewhere(other, "can7"));
}

// ---- on_offline, and the end

TEST(VxcanBus, IsDownWhileItsOtherSideIsUnreachable) {
    Machine machine;
    machine.links.add_namespace(kEcu);
    machine.settle(kThere);
    const int ifindex = machine.link("x0").ifindex;
    machine.unreachable = {bus("bench")};
    EXPECT_THAT(of(machine.settle(kThere), "bench"), is_waiting(HasSubstr("on_offline")));
    EXPECT_FALSE(machine.link("x0").up);
    machine.unreachable.clear();
    EXPECT_THAT(of(machine.settle(kThere), "bench"), is_ready(ifindex));
}

TEST(VxcanBus, IsSetDownOrRemovedWhenWeStop) {
    DesiredLink wish = kHere[0];
    EXPECT_THAT(stop_actions({wish}, both_here(), ""), ElementsAre(is(SetDown{5})));
    wish.on_stop = config::OnStop::remove;
    EXPECT_THAT(stop_actions({wish}, both_here(), ""), ElementsAre(removes(5)));
    EXPECT_THAT(stop_actions({}, both_here(), ""), ElementsAre(removes(5)));
    EXPECT_THAT(stop_actions({}, both_here(), "another"), IsEmpty());
}

}  // namespace
}  // namespace mqttcan::supervisor
