// SPDX-License-Identifier: MIT
// The planner and serial adapters: attached, unplugged, plugged in again, and let go.
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

constexpr const char* kDevice = "/dev/ttyACM0";
const Desired kVan{serial("van", "slcan0", kDevice)};

/// The link of the bus "van", attached and configured.
Actual attached(const Link& link) {
    Actual now = actual({link});
    now.devices.insert(kDevice);
    now.serial.emplace(bus("van"), link.ifindex);
    return now;
}

TEST(SerialBus, WaitsForItsDevice) {
    const Plan made = plan_default(kVan, {});
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "van"), is_waiting(AllOf(HasSubstr(kDevice), HasSubstr("plug the adapter in"))));
}

TEST(SerialBus, IsAttachedWhenTheDeviceIsThere) {
    Actual now;
    now.devices.insert(kDevice);
    const Plan made = plan_default(kVan, now);
    EXPECT_THAT(made.actions,
                ElementsAre(is(AttachSerial{bus("van"), kDevice, interface("slcan0"), "mqttcan:van"})));
    EXPECT_THAT(of(made, "van"), is_waiting(HasSubstr("slcan0 is to be attached to /dev/ttyACM0")));
}

TEST(SerialBus, IsRefusedWhenSomebodyElseHasItsName) {
    for (const Link& link : {hardware(3, "slcan0"), vcan(3, "slcan0")}) {
        Actual now = actual({link});
        now.devices.insert(kDevice);
        const Plan made = plan_default(kVan, now);
        EXPECT_THAT(made.actions, IsEmpty());
        EXPECT_THAT(of(made, "van"), is_refused(HasSubstr("slcan0 exists already")));
    }
}

TEST(SerialBus, IsConfiguredAndSetUpLikeAController) {
    EXPECT_THAT(plan_default(kVan, attached(controller(3, "slcan0"))).actions, IsEmpty());
    EXPECT_THAT(of(plan_default(kVan, attached(controller(3, "slcan0"))), "van"), is_ready(3));
    Link fresh = down(controller(3, "slcan0"));
    EXPECT_THAT(plan_default(kVan, attached(fresh)).actions, ElementsAre(is(supervisor::SetUp{3})));
    fresh.controller->settings.bitrate.reset();
    EXPECT_THAT(plan_default(kVan, attached(fresh)).actions,
                ElementsAre(is(Configure{3, {.bitrate = 500000}, {.bitrate = 500000}})));
}

TEST(SerialBus, GetsItsNameBack) {
    const Plan made = plan_default(kVan, attached(controller(3, "renamed")));
    EXPECT_THAT(made.actions, ElementsAre(is(Rename{3, interface("slcan0")})));
    EXPECT_THAT(of(made, "van"), is_ready(3));
}

TEST(SerialBus, IsLetGoWhenItWasRenamedAndItsNameIsTakenMeanwhile) {
    Machine machine;
    machine.plug(kDevice);
    machine.settle(kVan);
    machine.links.tamper(machine.link("slcan0").ifindex, [](Link& link) { link.name = "elsewhere"; });
    const int stranger = machine.links.add_vcan("slcan0");
    EXPECT_THAT(of(machine.settle(kVan), "van"), is_refused(HasSubstr("slcan0 exists already")));
    machine.links.erase(stranger);
    EXPECT_EQ(machine.ready(kVan, bus("van")), "slcan0");
}

TEST(SerialBus, ExchangesNamesWithAnother) {
    Machine machine;
    machine.plug("/dev/a");
    machine.plug("/dev/b");
    machine.settle({serial("a", "slcan0", "/dev/a"), serial("b", "slcan1", "/dev/b")});
    const Plan made = machine.settle({serial("a", "slcan1", "/dev/a"), serial("b", "slcan0", "/dev/b")});
    EXPECT_THAT(of(made, "a"), is_ready(machine.link("slcan1").ifindex));
    EXPECT_THAT(of(made, "b"), is_ready(machine.link("slcan0").ifindex));
}

TEST(SerialBus, ComesBackWithItsAdapter) {
    Machine machine;
    for (int life = 0; life < 3; ++life) {
        machine.plug(kDevice);
        EXPECT_EQ(machine.ready(kVan, bus("van")), "slcan0");
        machine.unplug(kDevice);
        const Plan first = plan_default(kVan, machine.look(kVan));
        EXPECT_THAT(first.actions, ElementsAre(is(DetachSerial{bus("van")})));
        EXPECT_THAT(of(first, "van"), is_waiting(HasSubstr("is gone")));
        EXPECT_THAT(of(machine.settle(kVan), "van"), is_waiting(HasSubstr("plug the adapter in")));
    }
}

TEST(SerialBus, IsDetachedWhenNoBusWantsIt) {
    EXPECT_THAT(plan_default({}, attached(controller(3, "slcan0"))).actions,
                ElementsAre(is(DetachSerial{bus("van")})));
    Actual unplugged = attached(controller(3, "slcan0"));
    unplugged.links.clear();
    EXPECT_THAT(plan_default({}, unplugged).actions, ElementsAre(is(DetachSerial{bus("van")})));
}

TEST(SerialBus, IsNotHardwareForABusThatUsesItsName) {
    Machine machine;
    machine.plug(kDevice);
    machine.settle(kVan);
    const Desired other{named("engine", "slcan0", Kind::can)};
    EXPECT_THAT(of(machine.settle(other), "engine"), is_waiting(HasSubstr("waiting for slcan0")));
    EXPECT_THAT(machine.links.all(), IsEmpty());
}

TEST(SerialBus, GivesItsPlaceToEveryOtherKind) {
    DesiredLink far = pair("van", "x0", "slcan0");
    for (const DesiredLink& wish : {named("van", "slcan0"), pair("van", "slcan0", "x1"), far,
                                    named("van", "slcan0", Kind::can), numbered("van")}) {
        Machine machine;
        machine.plug(kDevice);
        machine.settle(kVan);
        const Plan first = plan_default({wish}, machine.look({wish}));
        EXPECT_THAT(first.actions, ::testing::Contains(is(DetachSerial{bus("van")})));
        EXPECT_FALSE(std::holds_alternative<Refused>(of(first, "van")));
        const Plan made = machine.settle({wish});
        EXPECT_EQ(std::holds_alternative<Ready>(of(made, "van")), wish.kind != Kind::can);
    }
}

TEST(SerialBus, TakesThePlaceOfEveryOtherKind) {
    for (const DesiredLink& before :
         {named("van", "slcan0"), pair("van", "slcan0", "x1"), pair("van", "x0", "slcan0")}) {
        Machine machine;
        machine.plug(kDevice);
        machine.settle({before});
        EXPECT_THAT(of(plan_default(kVan, machine.look(kVan)), "van"), is_waiting(HasSubstr("replaced")));
        EXPECT_EQ(machine.ready(kVan, bus("van")), "slcan0");
        EXPECT_EQ(machine.links.all().size(), 1U);
    }
    Machine machine;
    machine.plug(kDevice);
    const int hardware = machine.links.add_hardware("can0", true);
    EXPECT_THAT(of(machine.settle({named("van", "can0", Kind::can)}), "van"), is_ready(hardware));
    EXPECT_EQ(machine.ready(kVan, bus("van")), "slcan0");
    EXPECT_THAT(of(machine.settle({serial("van", "can0", kDevice)}), "van"), is_refused(HasSubstr("can0")));
}

TEST(SerialBus, NeverSharesItsLinkWithABusOfItsNewName) {
    // Somebody renamed it to a name that another bus wants.
    for (const bool first : {false, true}) {
        for (const Kind kind : {Kind::can, Kind::existing}) {
            Desired desired{serial("van", "slcan0", kDevice), named("engine", "can0", kind)};
            if (first) {
                std::swap(desired[0], desired[1]);
            }
            const Plan made = plan_default(desired, attached(controller(3, "can0")));
            EXPECT_THAT(of(made, "van"), is_ready(3));
            EXPECT_THAT(of(made, "engine"), is_waiting(HasSubstr("can0")));
        }
    }
}

TEST(SerialBus, ThatIsDeafIsTriedAgain) {
    Machine machine;
    machine.plug(kDevice, true);
    Actual now = machine.look(kVan);
    for (int round = 0; round < 4; ++round) {
        for (const Action& action : plan_default(kVan, now).actions) {
            (void)machine.performer.perform(action);
        }
        now = machine.look(kVan);
    }
    EXPECT_THAT(plan_default(kVan, now).actions,
                ElementsAre(is(supervisor::SetUp{machine.link("slcan0").ifindex})));
    machine.links.plug(kDevice, false);
    EXPECT_EQ(machine.ready(kVan, bus("van")), "slcan0");
}

TEST(SerialBus, IsNoBusinessOfStopActions) {
    EXPECT_THAT(stop_actions(kVan, attached(controller(3, "slcan0")), ""), IsEmpty());
}

}  // namespace
}  // namespace mqttcan::supervisor
