// SPDX-License-Identifier: MIT
// The planner with values: one behaviour per test. plan_convergence_test.cpp lets it run against a moving
// world.
#include "daemon/supervisor/plan.hpp"

#include <gmock/gmock.h>

#include "tests/unit/plan_words.hpp"

namespace mqttcan::supervisor {
namespace {

using config::OnStop;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::VariantWith;

// ---- alias

TEST(Alias, NamesBusAndInstanceAndIsReadBack) {
    EXPECT_EQ(alias_for(bus("body"), ""), "mqttcan:body");
    EXPECT_EQ(alias_for(bus("body"), "tunnel-7"), "mqttcan:body@tunnel-7");
    for (const char* instance : {"", "x", "tunnel-7", "a@b", "a b"}) {
        const auto mark = parse_alias(alias_for(bus("b.1_x-y"), instance));
        EXPECT_EQ(mark, (Mark{bus("b.1_x-y"), instance})) << instance;
    }
}

TEST(Alias, OfOthersIsNotRead) {
    for (const char* alias : {"", "mqttcan", "mqttcan:", "mqttcan:@x", "mqttcan:a@", "mqttcan:a b",
                              "Mqttcan:a", " mqttcan:a", "mqttcan:a\n", "my bench"}) {
        EXPECT_EQ(parse_alias(alias), std::nullopt) << alias;
    }
}

// ---- named vcan

TEST(NamedVcan, IsCreatedWhenAbsent) {
    const Plan made = plan_default({named("body", "vcan0")}, {});
    EXPECT_THAT(made.actions, ElementsAre(VariantWith<CreateVcan>(
                                  CreateVcan{bus("body"), interface("vcan0"), 72, "mqttcan:body"})));
    EXPECT_THAT(of(made, "body"), is_waiting(HasSubstr("vcan0 is to be created")));
}

TEST(NamedVcan, CarriesTheInstanceAndTheMtuThatWereAskedFor) {
    DesiredLink wish = named("t", "vcan0");
    wish.mtu = 16;
    const Plan made = plan({wish}, {}, "tunnel-7");
    EXPECT_THAT(made.actions, ElementsAre(VariantWith<CreateVcan>(
                                  CreateVcan{bus("t"), interface("vcan0"), 16, "mqttcan:t@tunnel-7"})));
}

TEST(NamedVcan, OfOursIsUsedWhenItIsRight) {
    const Plan made = plan_default({named("body", "vcan0")}, actual({ours(5, "vcan0", "mqttcan:body")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "body"), is_ready(5));
}

TEST(NamedVcan, OfOursIsSetUpAgain) {
    const Plan made =
        plan_default({named("body", "vcan0")}, actual({down(ours(5, "vcan0", "mqttcan:body"))}));
    EXPECT_THAT(made.actions, ElementsAre(VariantWith<supervisor::SetUp>(supervisor::SetUp{5})));
    EXPECT_THAT(of(made, "body"), is_waiting(HasSubstr("being set up")));
}

TEST(NamedVcan, OfOursGetsItsMtuBackAndIsBridgedMeanwhile) {
    Link link = ours(5, "vcan0", "mqttcan:body");
    link.mtu = 16;
    const Plan made = plan_default({named("body", "vcan0")}, actual({link}));
    EXPECT_THAT(made.actions, ElementsAre(VariantWith<SetMtu>(SetMtu{5, 72})));
    EXPECT_THAT(of(made, "body"), is_ready(5));
    // Setting the MTU leaves the link as it was: one that is down is set up as well.
    EXPECT_THAT(plan_default({named("body", "vcan0")}, actual({down(link)})).actions,
                ElementsAre(VariantWith<SetMtu>(SetMtu{5, 72}),
                            VariantWith<supervisor::SetUp>(supervisor::SetUp{5})));
}

TEST(NamedVcan, OfOursWithAnotherBussAliasChangesHands) {
    const Plan made = plan_default({named("a", "vcan1"), named("b", "vcan0")},
                                   actual({ours(5, "vcan0", "mqttcan:a"), ours(6, "vcan1", "mqttcan:b")}));
    EXPECT_THAT(made.actions, ElementsAre(VariantWith<SetAlias>(SetAlias{6, "mqttcan:a"}),
                                          VariantWith<SetAlias>(SetAlias{5, "mqttcan:b"})));
    EXPECT_THAT(of(made, "a"), is_ready(6));
    EXPECT_THAT(of(made, "b"), is_ready(5));
}

TEST(NamedVcan, OfOursThatWasRenamedGetsItsNameBack) {
    const Plan made = plan_default({named("body", "vcan0")}, actual({ours(5, "elsewhere", "mqttcan:body")}));
    EXPECT_THAT(made.actions, ElementsAre(VariantWith<Rename>(Rename{5, interface("vcan0")})));
    EXPECT_THAT(of(made, "body"), is_ready(5));
}

TEST(NamedVcan, OfOursThatWasRenamedGoesWhenItsNameIsTaken) {
    const Plan made = plan_default({named("body", "vcan0")},
                                   actual({ours(5, "elsewhere", "mqttcan:body"), vcan(6, "vcan0")}));
    EXPECT_THAT(made.actions,
                ElementsAre(VariantWith<Remove>(Remove{5, "bus body uses another interface now"})));
    EXPECT_THAT(of(made, "body"), is_ready(6));
}

TEST(NamedVcan, OfSomebodyElseIsUsedAsItIs) {
    Link classic = vcan(5, "vcan0");
    classic.mtu = 16;
    classic.alias = "my bench";
    Link regrouped = ours(5, "vcan0", "mqttcan:body");
    regrouped.group = 0;
    Link realiased = ours(5, "vcan0", "my bench");
    for (const Link& link :
         {vcan(5, "vcan0"), classic, regrouped, realiased, ours(5, "vcan0", "mqttcan:body@x")}) {
        const Plan made = plan_default({named("body", "vcan0")}, actual({link}));
        EXPECT_THAT(made.actions, IsEmpty());
        EXPECT_THAT(of(made, "body"), is_ready(5));
    }
}

TEST(NamedVcan, OfSomebodyElseIsNotSetUpButWaitedForWithTheCommand) {
    const Plan made = plan_default({named("body", "vcan0")}, actual({down(vcan(5, "vcan0"))}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "body"), is_waiting(HasSubstr("\"ip link set vcan0 up\"")));
}

TEST(NamedVcan, IsRefusedWhenTheNameIsHardware) {
    const Plan made = plan_default({named("engine", "can0")}, actual({hardware(3, "can0")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "engine"),
                is_refused(AllOf(HasSubstr("can0"), HasSubstr("write \"kind\": \"can\""))));
}

TEST(NamedVcan, IsRefusedWhenTheNameIsAnotherKindOrNoCanLinkAtAll) {
    Link vxcan = vcan(3, "x0");
    vxcan.kind = "vxcan";
    EXPECT_THAT(of(plan_default({named("a", "x0")}, actual({vxcan})), "a"),
                is_refused(HasSubstr("is a vxcan")));
    Link bridge = vcan(3, "x0");
    bridge.kind = "bridge";
    bridge.is_can = false;
    EXPECT_THAT(of(plan_default({named("a", "x0")}, actual({bridge})), "a"),
                is_refused(HasSubstr("x0 is no CAN interface (bridge)")));
}

TEST(NamedVcan, IsGivenToOneBusOnly) {
    for (const Actual& now :
         {Actual{}, actual({vcan(5, "vcan0")}), actual({ours(5, "vcan0", "mqttcan:b")})}) {
        const Plan made = plan_default({named("a", "vcan0"), named("b", "vcan0")}, now);
        EXPECT_THAT(of(made, "b"), is_refused(HasSubstr("belongs to bus a already")));
        EXPECT_FALSE(std::holds_alternative<Refused>(of(made, "a")));
        EXPECT_LE(made.actions.size(), 1U);
    }
}

// ---- numbered vcan

TEST(NumberedVcan, IsCreatedWithoutANameAfterAllNamedOnes) {
    const Plan made = plan_default({numbered("a"), named("b", "vcan0"), numbered("c")}, {});
    EXPECT_THAT(
        made.actions,
        ElementsAre(VariantWith<CreateVcan>(CreateVcan{bus("b"), interface("vcan0"), 72, "mqttcan:b"}),
                    VariantWith<CreateVcan>(CreateVcan{bus("a"), {}, 72, "mqttcan:a"}),
                    VariantWith<CreateVcan>(CreateVcan{bus("c"), {}, 72, "mqttcan:c"})));
}

TEST(NumberedVcan, IsFoundByItsAliasWhateverItsName) {
    const Plan made =
        plan_default({numbered("a")}, actual({vcan(4, "vcan0"), ours(5, "renamed", "mqttcan:a")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "a"), is_ready(5));
}

TEST(NumberedVcan, IsPutRight) {
    Link link = down(ours(5, "vcan9", "mqttcan:a"));
    link.mtu = 16;
    EXPECT_THAT(plan_default({numbered("a")}, actual({link})).actions,
                ElementsAre(VariantWith<SetMtu>(SetMtu{5, 72}),
                            VariantWith<supervisor::SetUp>(supervisor::SetUp{5})));
}

TEST(NumberedVcan, LosesItsLinkToABusThatCallsItByName) {
    const Plan made =
        plan_default({numbered("a"), named("b", "vcan0")}, actual({ours(5, "vcan0", "mqttcan:a")}));
    EXPECT_THAT(made.actions,
                ElementsAre(VariantWith<SetAlias>(SetAlias{5, "mqttcan:b"}),
                            VariantWith<CreateVcan>(CreateVcan{bus("a"), {}, 72, "mqttcan:a"})));
    EXPECT_THAT(of(made, "b"), is_ready(5));
}

TEST(NumberedVcan, KeepsTheFirstOfTwoLinksWithItsAlias) {
    const Plan made =
        plan_default({numbered("a")}, actual({ours(5, "vcan0", "mqttcan:a"), ours(6, "vcan1", "mqttcan:a")}));
    EXPECT_THAT(made.actions, ElementsAre(removes(6)));
    EXPECT_THAT(of(made, "a"), is_ready(5));
}

TEST(NumberedVcan, NeverAdoptsALinkOfSomebodyElse) {
    Link same_alias = vcan(4, "vcan0");
    same_alias.alias = "mqttcan:a";
    const Plan made = plan_default({numbered("a")}, actual({same_alias, ours(5, "vcan1", "mqttcan:a@x")}));
    EXPECT_THAT(made.actions,
                ElementsAre(VariantWith<CreateVcan>(CreateVcan{bus("a"), {}, 72, "mqttcan:a"})));
}

// ---- what no bus wants

TEST(Unwanted, LinksOfOursGoFirst) {
    const Plan made = plan_default({named("new", "vcan7")}, actual({ours(5, "vcan0", "mqttcan:old")}));
    EXPECT_THAT(made.actions, ElementsAre(VariantWith<Remove>(Remove{5, "bus old is no longer configured"}),
                                          VariantWith<CreateVcan>(::testing::_)));
}

TEST(Unwanted, LinksOfOthersStay) {
    Link marked = ours(8, "vcan4", "mqttcan:old");
    marked.group = 1;
    Link vxcan = ours(9, "x", "mqttcan:old");
    vxcan.kind = "vxcan";
    vxcan.group = 0;
    const Plan made =
        plan_default({}, actual({vcan(5, "vcan0"), hardware(6, "can0"), vxcan, marked,
                                 ours(7, "vcan3", "mqttcan:old@tunnel-1"), ours(4, "v", "mine")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(made.leftovers, IsEmpty());
}

TEST(Unwanted, PairsOfOursGoToo) {
    Link vxcan = ours(9, "x", "mqttcan:old");
    vxcan.kind = "vxcan";
    EXPECT_THAT(plan_default({}, actual({vxcan})).actions, ElementsAre(removes(9)));
}

TEST(Leftovers, AreAdoptedUnderAWantedName) {
    const Plan made = plan_default({named("body", "vcan0")}, actual({ours(5, "vcan0", "")}));
    EXPECT_THAT(made.actions, ElementsAre(VariantWith<SetAlias>(SetAlias{5, "mqttcan:body"})));
    EXPECT_THAT(of(made, "body"), is_ready(5));
    EXPECT_THAT(made.leftovers, IsEmpty());
}

TEST(Leftovers, AreLeftAloneUntilTheyAreStale) {
    const Actual now = actual({ours(5, "vcan0", ""), ours(6, "vcan1", "")});
    const Plan first = plan_default({numbered("a")}, now);
    EXPECT_THAT(first.actions, ElementsAre(VariantWith<CreateVcan>(::testing::_)));
    EXPECT_THAT(first.leftovers, ElementsAre(5, 6));
    const Plan later = plan({numbered("a")}, now, "", {6});
    EXPECT_THAT(later.actions, ElementsAre(removes(6), VariantWith<CreateVcan>(::testing::_)));
    EXPECT_THAT(later.leftovers, ElementsAre(5));
}

TEST(Leftovers, AreNotConfusedWithLinksThatWereNamedMeanwhile) {
    const Plan made =
        plan({}, actual({ours(5, "vcan0", "mqttcan:x@other"), vcan(6, "vcan1")}), "", {5, 6, 7});
    EXPECT_THAT(made.actions, IsEmpty());
}

TEST(Leftovers, AreNotTakenByBusesThatUseLinksAsTheyAre) {
    const Plan made = plan_default({named("a", "vcan0", Kind::existing)}, actual({ours(5, "vcan0", "")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "a"), is_ready(5));
}

// ---- stopping

TEST(Stopping, SetsOurLinksDownOrRemovesThem) {
    DesiredLink removed = named("b", "vcan1");
    removed.on_stop = OnStop::remove;
    const Actual now = actual({ours(5, "vcan0", "mqttcan:a"), ours(6, "vcan1", "mqttcan:b"),
                               ours(7, "vcan2", "mqttcan:gone"), down(ours(8, "vcan3", "mqttcan:c"))});
    EXPECT_THAT(stop_actions({named("a", "vcan0"), removed, numbered("c")}, now, ""),
                ElementsAre(VariantWith<SetDown>(SetDown{5}), removes(6), removes(7)));
}

TEST(Stopping, LeavesEverythingElseAsItIs) {
    DesiredLink removed = named("a", "vcan0");
    removed.on_stop = OnStop::remove;
    Link marked = hardware(8, "can0");
    marked.group = netlink::kOwnedGroup;
    marked.alias = "mqttcan:a";
    const Actual now =
        actual({vcan(5, "vcan0"), ours(6, "vcan1", "mqttcan:a@x"), ours(7, "vcan2", ""), marked});
    EXPECT_THAT(stop_actions({removed}, now, ""), IsEmpty());
}

}  // namespace
}  // namespace mqttcan::supervisor
