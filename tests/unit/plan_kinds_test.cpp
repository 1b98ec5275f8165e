// SPDX-License-Identifier: MIT
// The planner and links that are not ours to make: hardware, existing interfaces, and every kind against
// every other.
#include <gmock/gmock.h>

#include "tests/unit/plan_words.hpp"

namespace mqttcan::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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

}  // namespace
}  // namespace mqttcan::supervisor
