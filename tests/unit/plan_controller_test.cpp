// SPDX-License-Identifier: MIT
// The planner and hardware: which controller a bus gets, and what is asked of it, no more and no more often
// than needed.
#include <gmock/gmock.h>

#include "tests/unit/plan_machine.hpp"
#include "tests/unit/plan_words.hpp"

namespace mqttcan::supervisor {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::VariantWith;

template <typename T>
auto is(T action) {
    return VariantWith<T>(action);
}

constexpr std::uint32_t kRounded = 123457;  ///< FakeLinks, as some clocks, makes 123,076 of it

Desired asking(CanSettings settings) {
    return {configured(named("engine", "can0", Kind::can), settings)};
}
Actual tried(Actual now, int ifindex, Tried outcome) {
    now.tried.insert_or_assign(ifindex, std::move(outcome));
    return now;
}
Link device(Link link, netlink::Device what) {
    link.device = std::move(what);
    return link;
}

// ---- settings

TEST(HardwareSettings, ThatAreThereAreNotAskedFor) {
    for (const CanSettings& wish :
         {CanSettings{.bitrate = 500000}, CanSettings{.sample_point = 875, .one_shot = false},
          CanSettings{.restart = Duration::zero(), .tx_queue_length = 10}}) {
        const Plan made = plan_default(asking(wish), actual({controller(3, "can0")}));
        EXPECT_THAT(made.actions, IsEmpty());
        EXPECT_THAT(of(made, "engine"), is_ready(3));
    }
}

TEST(HardwareSettings, ThatDifferAreAskedForTogether) {
    const CanSettings wish{.bitrate = 250000, .one_shot = false};
    const Plan made = plan_default(asking(wish), actual({controller(3, "can0")}));
    EXPECT_THAT(made.actions, ElementsAre(is(Configure{3, wish, wish})));
    EXPECT_THAT(of(made, "engine"), is_waiting(HasSubstr("can0 is to be configured")));
}

TEST(HardwareSettings, ThatNeedNoInterruptionAreAskedForAlone) {
    for (const CanSettings& soft : {CanSettings{.tx_queue_length = 100}, CanSettings{.termination = 120},
                                    CanSettings{.termination = 120, .tx_queue_length = 100}}) {
        CanSettings wish = soft;
        wish.bitrate = 500000;
        EXPECT_FALSE(needs_down(soft));
        EXPECT_THAT(plan_default(asking(wish), actual({controller(3, "can0")})).actions,
                    ElementsAre(is(Configure{3, soft, wish})));
    }
}

TEST(HardwareSettings, OfAModeThatTheDriverDoesNotKnowAreThereWhileItIsToBeOff) {
    // Since 5.18 the kernel tells which modes a driver has: "fd": false is no reason to take can0 down.
    EXPECT_THAT(plan_default(asking({.fd = false}), actual({controller(3, "can0")})).actions, IsEmpty());
    EXPECT_THAT(plan_default(asking({.fd = true}), actual({controller(3, "can0")})).actions,
                ElementsAre(VariantWith<Configure>(::testing::_)));
}

TEST(HardwareSettings, MakeTheControllerOursToSetUp) {
    const Actual now = actual({down(controller(3, "can0"))});
    const Plan made = plan_default(asking({.bitrate = 500000}), now);
    EXPECT_THAT(made.actions, ElementsAre(is(supervisor::SetUp{3})));
    EXPECT_THAT(of(made, "engine"), is_waiting(HasSubstr("is being set up")));
    EXPECT_THAT(plan_default({named("engine", "can0", Kind::can)}, now).actions, IsEmpty());
}

TEST(HardwareSettings, AreGivenOnceAndTheLinkIsUpAgain) {
    Machine machine;
    const int can0 = machine.links.add_hardware("can0", true);
    EXPECT_THAT(of(machine.settle(asking({.bitrate = 250000})), "engine"), is_ready(can0));
    EXPECT_EQ(machine.link("can0").controller->settings.bitrate, 250000);
    EXPECT_EQ(machine.actions, 1);
}

TEST(HardwareSettings, ThatWereRoundedAreNotAskedForAgain) {
    Machine machine;
    const int can0 = machine.links.add_hardware("can0", false);
    const Desired desired = asking({.bitrate = kRounded, .tx_queue_length = 10});
    EXPECT_THAT(of(machine.settle(desired), "engine"), is_ready(can0));
    EXPECT_EQ(machine.actions, 2);
    EXPECT_THAT(plan_default(desired, machine.look(desired)).actions, IsEmpty());

    machine.links.tamper(can0, [](Link& link) { link.controller->settings.tx_queue_length = 1; });
    EXPECT_THAT(plan_default(desired, machine.look(desired)).actions,
                ElementsAre(is(Configure{can0, {.tx_queue_length = 10}, desired[0].settings})))
        << "the rounding is no reason to take it down";
    machine.settle(desired);
    EXPECT_EQ(machine.actions, 3);
    EXPECT_EQ(machine.link("can0").controller->settings.bitrate, 123076);
}

TEST(HardwareSettings, ThatSomebodyChangesAreGivenAgain) {
    Machine machine;
    const int can0 = machine.links.add_hardware("can0", true);
    for (const std::uint32_t wanted : {250000U, kRounded}) {
        const Desired desired = asking({.bitrate = wanted});
        machine.settle(desired);
        const auto made = machine.link("can0").controller->settings.bitrate;
        machine.links.tamper(can0, [](Link& link) { link.controller->settings.bitrate = 125000; });
        EXPECT_THAT(plan_default(desired, machine.look(desired)).actions,
                    ElementsAre(is(Configure{can0, desired[0].settings, desired[0].settings})));
        EXPECT_THAT(of(machine.settle(desired), "engine"), is_ready(can0));
        EXPECT_EQ(machine.link("can0").controller->settings.bitrate, made);
    }
}

TEST(HardwareSettings, ThatAreRefusedAreAskedForOnce) {
    Machine machine;
    const int can0 = machine.links.add_hardware("can0", true);
    const Desired desired = asking({.bitrate = 2000000, .tx_queue_length = 100});
    EXPECT_THAT(of(machine.settle(desired), "engine"), is_refused(HasSubstr("changing link")));
    EXPECT_EQ(machine.actions, 1);
    machine.settle(desired);
    EXPECT_EQ(machine.actions, 1);
    EXPECT_TRUE(machine.link("can0").up);

    const Desired mended = asking({.bitrate = 1000000, .tx_queue_length = 100});
    EXPECT_THAT(of(machine.settle(mended), "engine"), is_ready(can0));
}

TEST(HardwareSettings, ThatWereRefusedAreAskedForAgainWhenTheControllerWasChanged) {
    Machine machine;
    const int can0 = machine.links.add_hardware("can0", true);
    const Desired desired = asking({.bitrate = 2000000, .tx_queue_length = 100});
    machine.settle(desired);
    // Half of it comes true by another hand: that must not pass for the whole.
    machine.links.tamper(can0, [](Link& link) { link.controller->settings.tx_queue_length = 50; });
    EXPECT_THAT(of(machine.settle(desired), "engine"), is_refused(HasSubstr("changing link")));
    EXPECT_EQ(machine.actions, 2);
    machine.links.tamper(can0, [](Link& link) { link.controller->settings.tx_queue_length = 100; });
    EXPECT_THAT(of(machine.settle(desired), "engine"), is_refused(HasSubstr("changing link")));
    machine.links.tamper(can0, [](Link& link) { link.controller->settings.bitrate = 2000000; });
    EXPECT_THAT(of(machine.settle(desired), "engine"), is_ready(can0));
}

TEST(HardwareSettings, OfAnotherWishDoNotCount) {
    const Tried before{.asked = {.bitrate = kRounded}, .made = {.bitrate = 500000}, .refusal = "no"};
    const Plan made =
        plan_default(asking({.bitrate = 250000}), tried(actual({controller(3, "can0")}), 3, before));
    EXPECT_THAT(made.actions, ElementsAre(VariantWith<Configure>(::testing::_)));
}

TEST(HardwareSettings, AreRefusedByADriverWithoutThem) {
    Machine machine;
    const int can0 = machine.links.add_hardware("can0", true);
    machine.links.tamper(can0, [](Link& link) {
        link.kind.clear();
        link.controller.reset();
    });
    EXPECT_THAT(of(machine.settle(asking({.bitrate = 250000})), "engine"), is_refused(HasSubstr("link")));
    EXPECT_THAT(of(machine.settle({named("engine", "can0", Kind::can)}), "engine"), is_ready(can0));
}

TEST(HardwareSettings, AreGivenToAControllerThatWasPluggedInAgain) {
    Machine machine;
    const Desired desired = asking({.bitrate = kRounded});
    machine.links.erase(machine.links.add_hardware("can0", true));
    for (int life = 0; life < 2; ++life) {
        const int can0 = machine.links.add_hardware("can0", false);
        EXPECT_THAT(of(machine.settle(desired), "engine"), is_ready(can0));
        machine.links.erase(can0);
        EXPECT_THAT(of(machine.settle(desired), "engine"), is_waiting(HasSubstr("waiting for can0")));
    }
}

// ---- match

TEST(MatchedHardware, IsFoundBySerialNumberPathOrDriver) {
    const Actual now =
        actual({device(hardware(3, "can0"), {.serial = "A", .path = "usb-1", .driver = "gs_usb"}),
                device(hardware(4, "can1"), {.serial = "B", .path = "usb-2", .driver = "peak_usb"})});
    for (const config::Match& match :
         {config::Match{.serial = "B"}, config::Match{.path = "usb-2"}, config::Match{.driver = "peak_usb"},
          config::Match{.serial = "B", .path = "usb-2", .driver = "peak_usb"}}) {
        EXPECT_THAT(of(plan_default({matching("m", match)}, now), "m"), is_ready(4));
    }
    EXPECT_THAT(of(plan_default({matching("m", {.serial = "A", .path = "usb-2"})}, now), "m"),
                is_waiting(AllOf(HasSubstr("serial A, path usb-2"), HasSubstr("plug it in"))));
}

TEST(MatchedHardware, IsWaitedForUntilItsPropertiesAreKnown) {
    const Plan made = plan_default({matching("m", {.serial = "A"})}, actual({hardware(3, "can0")}));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "m"), is_waiting(HasSubstr("serial A")));
}

TEST(MatchedHardware, OfTheSameMakeNeverSwapsPlaces) {
    const Desired desired{matching("left", {.serial = "L"}), matching("right", {.path = "usb-2"})};
    const netlink::Device left{.serial = "L", .path = "usb-1", .driver = "gs_usb"};
    const netlink::Device right{.serial = "R", .path = "usb-2", .driver = "gs_usb"};
    for (const bool reversed : {false, true}) {
        const Plan made = plan_default(
            desired, actual({device(hardware(reversed ? 4 : 3, reversed ? "can1" : "can0"), left),
                             device(hardware(reversed ? 3 : 4, reversed ? "can0" : "can1"), right)}));
        EXPECT_THAT(of(made, "left"), is_ready(reversed ? 4 : 3));
        EXPECT_THAT(of(made, "right"), is_ready(reversed ? 3 : 4));
        EXPECT_THAT(made.actions, IsEmpty());
    }
    const Plan alone = plan_default(desired, actual({device(hardware(3, "can0"), right)}));
    EXPECT_THAT(of(alone, "left"), is_waiting(HasSubstr("serial L")));
    EXPECT_THAT(of(alone, "right"), is_ready(3));
}

TEST(MatchedHardware, GoesToTheBusThatDescribesItBest) {
    const Desired desired{matching("any", {.driver = "gs_usb"}),
                          matching("this", {.serial = "A", .driver = "gs_usb"})};
    const Link a = device(hardware(3, "can0"), {.serial = "A", .driver = "gs_usb"});
    const Plan alone = plan_default(desired, actual({a}));
    EXPECT_THAT(of(alone, "this"), is_ready(3));
    EXPECT_THAT(of(alone, "any"), is_waiting(HasSubstr("driver gs_usb")));
    const Plan both =
        plan_default(desired, actual({a, device(hardware(4, "can1"), {.serial = "B", .driver = "gs_usb"})}));
    EXPECT_THAT(of(both, "this"), is_ready(3));
    EXPECT_THAT(of(both, "any"), is_ready(4));
}

TEST(MatchedHardware, OfTwoChannelsServesTwoBusesInTheirOrder) {
    const netlink::Device both{.serial = "A", .path = "usb-1", .driver = "gs_usb"};
    const Plan made =
        plan_default({matching("first", {.serial = "A"}), matching("second", {.serial = "A"})},
                     actual({device(hardware(3, "can0"), both), device(hardware(4, "can1"), both)}));
    EXPECT_THAT(of(made, "first"), is_ready(3));
    EXPECT_THAT(of(made, "second"), is_ready(4));
}

TEST(MatchedHardware, IsNotTakenFromABusThatCallsItByName) {
    const Actual now = actual({device(hardware(3, "can0"), {.serial = "A"})});
    const Plan made = plan_default({matching("m", {.serial = "A"}), named("n", "can0", Kind::can)}, now);
    EXPECT_THAT(of(made, "n"), is_ready(3));
    EXPECT_THAT(of(made, "m"), is_waiting(HasSubstr("serial A")));
}

TEST(MatchedHardware, IsNeitherVirtualNorAnAdapterOfOurs) {
    const netlink::Device what{.driver = "slcan"};
    Actual now = actual({device(vcan(3, "can0"), what), device(controller(4, "slcan0"), what)});
    now.serial.emplace(bus("van"), 4);
    const Plan made =
        plan_default({matching("m", {.driver = "slcan"}), serial("van", "slcan0", "/dev/ttyACM0")}, now);
    EXPECT_THAT(of(made, "m"), is_waiting(HasSubstr("driver slcan")));
    EXPECT_THAT(of(made, "van"), is_ready(4));
}

TEST(MatchedHardware, IsConfiguredLikeAny) {
    const CanSettings wish{.bitrate = 250000};
    const Actual now = actual({device(controller(3, "can7"), {.serial = "A"})});
    EXPECT_THAT(plan_default({configured(matching("m", {.serial = "A"}), wish)}, now).actions,
                ElementsAre(is(Configure{3, wish, wish})));
}

}  // namespace
}  // namespace mqttcan::supervisor
