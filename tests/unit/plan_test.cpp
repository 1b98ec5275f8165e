// SPDX-License-Identifier: MIT
// The planner with values: one behaviour per test. plan_convergence_test.cpp lets it run against a moving
// world.
#include "daemon/supervisor/plan.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace mqttcan::supervisor {
namespace {

using config::Kind;
using config::OnStop;
using netlink::Link;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::VariantWith;

EntryName bus(std::string_view name) {
    return EntryName::parse(name).value();
}
InterfaceName interface(std::string_view name) {
    return InterfaceName::parse(name).value();
}

DesiredLink named(std::string_view name, std::string_view link, Kind kind = Kind::vcan) {
    return {.bus = bus(name), .kind = kind, .interface = interface(link)};
}
DesiredLink numbered(std::string_view name) {
    return {.bus = bus(name), .interface = {}};
}

Link vcan(int ifindex, std::string name) {
    return {
        .ifindex = ifindex, .name = std::move(name), .kind = "vcan", .is_can = true, .up = true, .mtu = 72};
}
Link ours(int ifindex, std::string name, std::string alias) {
    Link link = vcan(ifindex, std::move(name));
    link.group = netlink::kOwnedGroup;
    link.alias = std::move(alias);
    return link;
}
Link hardware(int ifindex, std::string name) {
    Link link = vcan(ifindex, std::move(name));
    link.kind = "can";
    link.operstate = netlink::kOperstateUp;
    link.mtu = 16;
    return link;
}
Link down(Link link) {
    link.up = false;
    return link;
}
Actual actual(std::initializer_list<Link> links) {
    Actual all;
    for (const Link& link : links) {
        all.emplace(link.ifindex, link);
    }
    return all;
}
Plan plan_default(const Desired& desired, const Actual& now) {
    return plan(desired, now, "");
}
const Assignment& of(const Plan& made, std::string_view name) {
    return made.buses.at(bus(name));
}

auto is_ready(int ifindex) {
    return VariantWith<Ready>(Ready{ifindex});
}
template <typename Matcher>
auto is_waiting(Matcher reason) {
    return VariantWith<Waiting>(::testing::Field(&Waiting::reason, reason));
}
template <typename Matcher>
auto is_refused(Matcher reason) {
    return VariantWith<Refused>(::testing::Field(&Refused::reason, reason));
}
auto removes(int ifindex) {
    return VariantWith<Remove>(::testing::Field(&Remove::ifindex, ifindex));
}

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
    EXPECT_THAT(of(made, "body"), is_waiting(HasSubstr("vcan0 is being created")));
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
    // Setting the MTU ends with the link up: no second action for a link that is down as well.
    EXPECT_THAT(plan_default({named("body", "vcan0")}, actual({down(link)})).actions, SizeIs(1));
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
                ElementsAre(VariantWith<SetMtu>(SetMtu{5, 72})));
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

// ---- hardware

TEST(Hardware, IsWaitedForAndNeverCreated) {
    const Plan made = plan_default({named("engine", "can0", Kind::can)}, actual({vcan(4, "vcan0")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "engine"), is_waiting(HasSubstr("waiting for can0")));
}

TEST(Hardware, IsBridgedWhenUpEvenInBusOff) {
    Link can0 = hardware(3, "can0");
    EXPECT_THAT(of(plan_default({named("engine", "can0", Kind::can)}, actual({can0})), "engine"),
                is_ready(3));
    can0.operstate = 2;
    can0.running = false;
    EXPECT_THAT(of(plan_default({named("engine", "can0", Kind::can)}, actual({can0})), "engine"),
                is_ready(3));
}

TEST(Hardware, WithoutADriverKindIsHardwareToo) {
    Link can0 = hardware(3, "can0");
    can0.kind.clear();
    EXPECT_THAT(of(plan_default({named("engine", "can0", Kind::can)}, actual({can0})), "engine"),
                is_ready(3));
    EXPECT_THAT(of(plan_default({named("engine", "can0")}, actual({can0})), "engine"),
                is_refused(HasSubstr("hardware")));
}

TEST(Hardware, IsNeverTouchedWhileDown) {
    Link marked = down(hardware(3, "can0"));
    marked.group = netlink::kOwnedGroup;
    marked.alias = "mqttcan:engine";
    for (const Link& link : {down(hardware(3, "can0")), marked}) {
        const Plan made = plan_default({named("engine", "can0", Kind::can)}, actual({link}));
        EXPECT_THAT(made.actions, IsEmpty());
        EXPECT_THAT(of(made, "engine"),
                    is_waiting(HasSubstr("\"ip link set can0 up type can bitrate 500000\"")));
        EXPECT_THAT(plan_default({}, actual({link})).actions, IsEmpty());
    }
}

TEST(Hardware, IsNotAVcanOfItsName) {
    const Plan made = plan_default({named("engine", "can0", Kind::can)}, actual({vcan(3, "can0")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "engine"), is_refused(HasSubstr("write \"kind\": \"vcan\"")));
}

TEST(Hardware, TakesTheNameOfAVcanThatWeMadeForTheBusBefore) {
    const Plan made =
        plan_default({named("engine", "can0", Kind::can)}, actual({ours(3, "can0", "mqttcan:engine")}));
    EXPECT_THAT(made.actions, ElementsAre(removes(3)));
}

// ---- existing

TEST(ExistingLink, IsAnyCanLinkOfTheNameAndNeverChanged) {
    Link vxcan = vcan(3, "x");
    vxcan.kind = "vxcan";
    vxcan.operstate = netlink::kOperstateUp;
    for (const Link& link : {vcan(3, "x"), hardware(3, "x"), vxcan, ours(3, "x", "mqttcan:b@y")}) {
        const Plan made = plan({named("a", "x", Kind::existing)}, actual({link}), "tunnel-1");
        EXPECT_THAT(made.actions, IsEmpty());
        EXPECT_THAT(of(made, "a"), is_ready(3));
    }
}

TEST(ExistingLink, IsWaitedForWhenAbsentOrDown) {
    EXPECT_THAT(of(plan_default({named("a", "x", Kind::existing)}, {}), "a"),
                is_waiting(HasSubstr("waiting for x")));
    EXPECT_THAT(of(plan_default({named("a", "x", Kind::existing)}, actual({down(vcan(3, "x"))})), "a"),
                is_waiting(HasSubstr("\"ip link set x up\"")));
}

TEST(ExistingLink, OfAVxcanPairIsWaitedForUntilBothEndsAreUp) {
    Link vxcan = vcan(3, "x");
    vxcan.kind = "vxcan";
    vxcan.operstate = 7;  // lower layer down
    EXPECT_THAT(of(plan_default({named("a", "x", Kind::existing)}, actual({vxcan})), "a"),
                is_waiting(HasSubstr("its other end")));
}

// ---- every kind of bus against every kind of link of its name

TEST(EveryBus, MeetsEveryLinkAsTheTableSays) {
    Link vxcan = vcan(5, "x");
    vxcan.kind = "vxcan";
    vxcan.operstate = netlink::kOperstateUp;
    Link bare = hardware(5, "x");
    bare.kind.clear();
    Link dummy = vcan(5, "x");
    dummy.kind = "dummy";
    dummy.is_can = false;
    struct Row {
        const char* what;
        Link link;
        const char* up;    // a vcan, a can, an existing bus: Ready, Waiting, refused (x)
        const char* down;  // the same with the link down
        const char*
            actions;  // for a vcan bus while the link is up, while it is down; for a can bus: how many
    };
    const Row table[] = {
        {"somebody's vcan", vcan(5, "x"), "RxR", "WxW", "000"},
        {"our vcan", ours(5, "x", "mqttcan:a"), "RxR", "WxW", "011"},
        {"our vcan of another bus", ours(5, "x", "mqttcan:b"), "RxR", "WxW", "121"},
        {"a leftover", ours(5, "x", ""), "RxR", "WxW", "120"},
        {"another instance's vcan", ours(5, "x", "mqttcan:a@i"), "RxR", "WxW", "000"},
        {"a vxcan", vxcan, "xxR", "xxW", "000"},
        {"hardware", hardware(5, "x"), "xRR", "xWW", "000"},
        {"hardware of an old driver", bare, "xRR", "xWW", "000"},
        {"no CAN link", dummy, "xxx", "xxx", "000"},
    };
    const Kind kinds[] = {Kind::vcan, Kind::can, Kind::existing};
    for (const Row& row : table) {
        for (std::size_t kind = 0; kind < std::size(kinds); ++kind) {
            const Desired desired{named("a", "x", kinds[kind])};
            const Plan while_up = plan_default(desired, actual({row.link}));
            const Plan while_down = plan_default(desired, actual({down(row.link)}));
            const std::string outcomes = "RWx";
            EXPECT_EQ(outcomes[of(while_up, "a").index()], row.up[kind]) << row.what << ", bus kind " << kind;
            EXPECT_EQ(outcomes[of(while_down, "a").index()], row.down[kind])
                << row.what << ", bus kind " << kind;
            const auto count = [](char digit) { return static_cast<std::size_t>(digit - '0'); };
            if (kinds[kind] == Kind::vcan) {
                EXPECT_THAT(while_up.actions, SizeIs(count(row.actions[0]))) << row.what;
                EXPECT_THAT(while_down.actions, SizeIs(count(row.actions[1]))) << row.what;
            } else {  // never changes the link; one that is ours and wanted by no bus goes
                EXPECT_THAT(while_up.actions, SizeIs(kinds[kind] == Kind::can ? count(row.actions[2]) : 0))
                    << row.what;
            }
        }
    }
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
    const Plan made =
        plan_default({}, actual({vcan(5, "vcan0"), hardware(6, "can0"), vxcan, marked,
                                 ours(7, "vcan3", "mqttcan:old@tunnel-1"), ours(4, "v", "mine")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(made.leftovers, IsEmpty());
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
