// SPDX-License-Identifier: MIT
// The planner and buses that were dropped by hand (`mqttcan down`): whatever the kind, nothing is bridged
// until they are resumed, and what is not ours stays as it is.
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

Actual dropped(Actual now, std::string_view name) {
    now.dropped.insert(bus(name));
    return now;
}

auto is_dropped() {
    return is_waiting(AllOf(HasSubstr("dropped by hand"), HasSubstr("mqttcan up ")));
}

TEST(ADroppedBus, HasItsVcanSetDownIfThatIsOurs) {
    const Desired wish{named("body", "vcan0")};
    const Plan made = plan_default(wish, dropped(actual({ours(3, "vcan0", "mqttcan:body")}), "body"));
    EXPECT_THAT(made.actions, ElementsAre(is(SetDown{3})));
    EXPECT_THAT(of(made, "body"), is_dropped());
}

TEST(ADroppedBus, LeavesAVcanOfOthersAsItIs) {
    const Plan made = plan_default({named("body", "vcan0")}, dropped(actual({vcan(3, "vcan0")}), "body"));
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(of(made, "body"), is_dropped());
}

TEST(ADroppedBus, LeavesHardwareAsItIs) {
    DesiredLink wish = named("engine", "can0", Kind::can);
    for (const bool configures : {false, true}) {
        wish.settings.bitrate = configures ? std::optional(500'000U) : std::nullopt;
        const Plan made = plan_default({wish}, dropped(actual({hardware(3, "can0")}), "engine"));
        EXPECT_THAT(made.actions, IsEmpty());
        EXPECT_THAT(of(made, "engine"), is_dropped());
    }
}

TEST(ADroppedBus, LetsGoItsSerialAdapterAndTakesItAgain) {
    Machine machine;
    machine.plug("/dev/ttyACM0");
    const Desired van{serial("van", "slcan0", "/dev/ttyACM0")};
    EXPECT_EQ(machine.ready(van, bus("van")), "slcan0");
    machine.dropped = {bus("van")};
    EXPECT_THAT(of(machine.settle(van), "van"), is_dropped());
    EXPECT_THAT(machine.links.all(), IsEmpty());
    machine.dropped.clear();
    EXPECT_EQ(machine.ready(van, bus("van")), "slcan0");
}

TEST(ADroppedBus, IsNotConfusedWithOneWhoseOtherEndIsGone) {
    Actual now = dropped(actual({ours(3, "vcan0", "mqttcan:body")}), "body");
    now.unreachable.insert(bus("body"));
    EXPECT_THAT(of(plan_default({named("body", "vcan0")}, now), "body"), is_dropped());
}

TEST(ADroppedBus, DisturbsNoOther) {
    const Actual now = actual({ours(3, "vcan0", "mqttcan:a"), ours(4, "vcan1", "mqttcan:b")});
    const Plan made = plan_default({named("a", "vcan0"), named("b", "vcan1")}, dropped(now, "a"));
    EXPECT_THAT(made.actions, ElementsAre(is(SetDown{3})));
    EXPECT_THAT(of(made, "b"), is_ready(4));
}

}  // namespace
}  // namespace mqttcan::supervisor
