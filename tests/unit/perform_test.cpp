// SPDX-License-Identifier: MIT
// Carrying out a plan: what a link is like afterwards, also when a step failed, and what is kept in mind.
#include "daemon/supervisor/perform.hpp"

#include <gmock/gmock.h>

#include "tests/support/fake_links.hpp"
#include "tests/support/values.hpp"
#include "tests/unit/plan_words.hpp"

namespace mqttcan::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using testing::number_of;
using ::testing::Pair;

/// Fails what it is told to, with that errno, and counts.
class StubbornLinks final : public netlink::Links {
  public:
    testing::FakeLinks fake;
    int configure_says = 0, set_up_says = 0, set_down_says = 0, find_says = 0;
    int times_down = 0;

    template <typename T>
    static Result<T> answer(int number) {
        return fail_errno(number, "the driver");
    }
    Result<Link> create_vcan(const netlink::VcanRequest& request) override {
        return fake.create_vcan(request);
    }
    Result<Link> create_vxcan(const netlink::VxcanRequest& request) override {
        return fake.create_vxcan(request);
    }
    Result<void> move(int ifindex, const NetworkNamespace& to, const InterfaceName& name) override {
        return fake.move(ifindex, to, name);
    }
    Result<std::optional<Link>> find_peer(const netlink::PeerPlace& place) override {
        return fake.find_peer(place);
    }
    Result<netlink::NamespaceView> look_at(const NetworkNamespace& space) override {
        return fake.look_at(space);
    }
    Result<netlink::SerialLink> attach_slcan(const netlink::SlcanRequest& request) override {
        return fake.attach_slcan(request);
    }
    Result<void> configure(int ifindex, const CanSettings& settings) override {
        return configure_says != 0 ? answer<void>(configure_says) : fake.configure(ifindex, settings);
    }
    Result<void> restart(int ifindex) override { return fake.restart(ifindex); }
    Result<netlink::ControllerStatistics> statistics(int ifindex) override {
        return fake.statistics(ifindex);
    }
    Result<void> set_up(int ifindex) override {
        return set_up_says != 0 ? answer<void>(set_up_says) : fake.set_up(ifindex);
    }
    Result<void> set_down(int ifindex) override {
        ++times_down;
        return set_down_says != 0 ? answer<void>(set_down_says) : fake.set_down(ifindex);
    }
    Result<void> set_mtu(int ifindex, std::uint32_t mtu) override { return fake.set_mtu(ifindex, mtu); }
    Result<void> set_alias(int ifindex, const std::string& alias) override {
        return fake.set_alias(ifindex, alias);
    }
    Result<void> rename(int ifindex, const InterfaceName& name) override {
        return fake.rename(ifindex, name);
    }
    Result<void> remove(int ifindex) override { return fake.remove(ifindex); }
    Result<std::optional<Link>> find(int ifindex) override {
        return find_says != 0 ? answer<std::optional<Link>>(find_says) : fake.find(ifindex);
    }
    Result<std::optional<Link>> find(const InterfaceName& name) override { return fake.find(name); }
};

struct Performing : ::testing::Test {
    StubbornLinks links;
    Performer performer{links};

    const Link& at(int ifindex) { return links.fake.all().at(ifindex); }
    Actual told() {
        Actual actual{.links = links.fake.all()};
        performer.tell(actual);
        return actual;
    }
    int configure(int ifindex, const CanSettings& settings) {
        return number_of(performer.perform(Configure{ifindex, settings, settings}));
    }
    int attach(const char* name, const char* device) {
        return number_of(performer.perform(AttachSerial{bus("van"), device, interface(name), "mqttcan:van"}));
    }
};

// ---- while down

TEST_F(Performing, AChangeThatNeedsTheLinkDownLeavesItAsItWas) {
    for (const bool up : {false, true}) {
        const int link = links.fake.add_vcan("vcan7", up);
        links.times_down = 0;
        EXPECT_TRUE(performer.perform(SetMtu{link, 16}));
        EXPECT_EQ(at(link).mtu, 16U);
        EXPECT_EQ(at(link).up, up);
        EXPECT_TRUE(performer.perform(Rename{link, interface("vcan8")}));
        EXPECT_EQ(at(link).name, "vcan8");
        EXPECT_EQ(at(link).up, up);
        EXPECT_EQ(links.times_down, up ? 2 : 0) << "a link that is down is not set down";
        links.fake.erase(link);
    }
}

TEST_F(Performing, AChangeThatFailsLeavesTheLinkAsItWas) {
    links.fake.add_vcan("taken");
    for (const bool up : {false, true}) {
        const int link = links.fake.add_vcan("vcan7", up);
        const int can0 = links.fake.add_hardware("can0", up);
        EXPECT_EQ(number_of(performer.perform(SetMtu{link, 17})), EINVAL);
        EXPECT_EQ(number_of(performer.perform(Rename{link, interface("taken")})), EEXIST);
        EXPECT_EQ(configure(can0, {.bitrate = 2000000}), EDOM);
        EXPECT_EQ(at(link).up, up);
        EXPECT_EQ(at(can0).up, up);
        EXPECT_EQ(at(link).name, "vcan7");
        links.fake.erase(link);
        links.fake.erase(can0);
    }
}

TEST_F(Performing, TheErrorOfTheChangeIsToldBeforeThatOfSettingUp) {
    const int link = links.fake.add_vcan("vcan7");
    links.set_up_says = ETIMEDOUT;
    EXPECT_EQ(number_of(performer.perform(SetMtu{link, 17})), EINVAL);
    links.fake.tamper(link, [](Link& it) { it.up = true; });
    EXPECT_EQ(number_of(performer.perform(SetMtu{link, 16})), ETIMEDOUT);
    EXPECT_EQ(at(link).mtu, 16U);
}

TEST_F(Performing, NothingIsChangedWhenTheLinkCannotBeSetDown) {
    const int link = links.fake.add_vcan("vcan7");
    links.set_down_says = EPERM;
    EXPECT_EQ(number_of(performer.perform(SetMtu{link, 16})), EPERM);
    EXPECT_EQ(at(link).mtu, 72U);
    links.find_says = ENOBUFS;
    EXPECT_EQ(number_of(performer.perform(SetMtu{link, 16})), ENOBUFS);
}

TEST_F(Performing, ALinkThatIsGoneIsAnErrorOfEveryAction) {
    const CanSettings hard{.bitrate = 250000};
    const CanSettings soft{.tx_queue_length = 9};
    const Action actions[] = {SetMtu{7, 16},
                              Rename{7, interface("x")},
                              supervisor::SetUp{7},
                              SetDown{7},
                              SetAlias{7, "a"},
                              Remove{7, "why"},
                              Configure{7, hard, hard},
                              Configure{7, soft, soft},
                              MovePeer{7, {.pid = 1}, interface("x")}};
    for (const Action& action : actions) {
        EXPECT_EQ(number_of(performer.perform(action)), ENODEV) << action.index();
    }
    EXPECT_THAT(told().tried, IsEmpty());
}

// ---- what a controller was asked

TEST_F(Performing, WhatAControllerMadeOfItsSettingsIsRemembered) {
    const int can0 = links.fake.add_hardware("can0", true);
    EXPECT_EQ(configure(can0, {.bitrate = 123457}), 0);
    EXPECT_TRUE(at(can0).up);
    const Tried tried = told().tried.at(can0);
    EXPECT_EQ(tried.asked, CanSettings{.bitrate = 123457});
    EXPECT_EQ(tried.made, CanSettings{.bitrate = 123076});
    EXPECT_EQ(tried.refusal, "");
}

TEST_F(Performing, TheWholeWishIsRememberedWhenAPartWasSent) {
    const int can0 = links.fake.add_hardware("can0", true);
    const CanSettings wish{.bitrate = 500000, .tx_queue_length = 100};
    EXPECT_TRUE(performer.perform(Configure{can0, {.tx_queue_length = 100}, wish}));
    EXPECT_EQ(told().tried.at(can0).asked, wish);
    EXPECT_EQ(told().tried.at(can0).made, wish);
    EXPECT_EQ(links.times_down, 0);
}

TEST_F(Performing, RefusalsThatWouldBeRepeatedAreRemembered) {
    const int can0 = links.fake.add_hardware("can0", true);
    for (const int number : {EINVAL, EDOM, ERANGE, EOPNOTSUPP}) {
        links.configure_says = number;
        const CanSettings wish{.bitrate = 250000 + static_cast<std::uint32_t>(number)};
        EXPECT_EQ(configure(can0, wish), number);
        const Tried tried = told().tried.at(can0);
        EXPECT_EQ(tried.asked, wish) << number;
        EXPECT_EQ(tried.made, CanSettings{.bitrate = 500000});
        EXPECT_THAT(tried.refusal, HasSubstr("the driver"));
    }
}

TEST_F(Performing, FailuresThatMayPassAreNot) {
    const int can0 = links.fake.add_hardware("can0", true);
    for (const int number : {EPERM, EBUSY, EIO, ENOMEM, ETIMEDOUT, ENODEV, ENOBUFS}) {
        links.configure_says = number;
        EXPECT_EQ(configure(can0, {.bitrate = 250000}), number);
        EXPECT_THAT(told().tried, IsEmpty()) << number;
    }
}

TEST_F(Performing, ARefusalToSetDownIsNoRefusalOfTheSettings) {
    const int can0 = links.fake.add_hardware("can0", true);
    links.set_down_says = EINVAL;
    EXPECT_EQ(configure(can0, {.bitrate = 250000}), EINVAL);
    EXPECT_THAT(told().tried, IsEmpty());
}

TEST_F(Performing, SettingsThatWereTakenAreRememberedEvenIfTheLinkStaysDown) {
    // A controller that starts with difficulty is not to be configured again for it.
    const int can0 = links.fake.add_hardware("can0", true);
    for (const int number : {ETIMEDOUT, EINVAL}) {
        links.fake.tamper(can0, [](Link& link) { link.up = true; });
        links.set_up_says = number;
        EXPECT_EQ(configure(can0, {.bitrate = 123457}), number);
        EXPECT_EQ(told().tried.at(can0).made, CanSettings{.bitrate = 123076});
        EXPECT_EQ(told().tried.at(can0).refusal, "") << "setting up is asked for, and refused, by itself";
    }
}

TEST_F(Performing, WhatConcernsALinkThatIsGoneIsForgotten) {
    const int can0 = links.fake.add_hardware("can0", true);
    EXPECT_EQ(configure(can0, {.bitrate = 250000}), 0);
    EXPECT_THAT(told().tried, ElementsAre(Key(can0)));
    links.fake.erase(can0);
    EXPECT_THAT(told().tried, IsEmpty());
}

// ---- serial adapters

TEST_F(Performing, AnAdapterStaysAttachedUntilItIsLetGo) {
    links.fake.plug("/dev/ttyACM0");
    EXPECT_FALSE(performer.holds(bus("van")));
    EXPECT_EQ(attach("slcan0", "/dev/ttyACM0"), 0);
    EXPECT_TRUE(performer.holds(bus("van")));
    const int link = links.fake.find(interface("slcan0")).value()->ifindex;
    EXPECT_THAT(told().serial, ElementsAre(Pair(bus("van"), link)));

    EXPECT_TRUE(performer.perform(DetachSerial{bus("van")}));
    EXPECT_THAT(links.fake.all(), IsEmpty());
    EXPECT_THAT(told().serial, IsEmpty());
    EXPECT_FALSE(performer.holds(bus("van")));
    EXPECT_TRUE(performer.perform(DetachSerial{bus("van")})) << "nothing to do is well done";
}

TEST_F(Performing, AnAdapterThatCannotBeAttachedIsNotHeld) {
    EXPECT_EQ(attach("slcan0", "/dev/ttyACM0"), ENOENT);
    EXPECT_THAT(told().serial, IsEmpty());
    EXPECT_FALSE(performer.detach(bus("van")));
}

TEST_F(Performing, AnAdapterIsHeldUntilThePlanLetsItGoEvenIfItIsGone) {
    links.fake.plug("/dev/ttyACM0");
    EXPECT_EQ(attach("slcan0", "/dev/ttyACM0"), 0);
    links.fake.unplug("/dev/ttyACM0");
    EXPECT_THAT(told().serial, ElementsAre(Key(bus("van"))));
    EXPECT_TRUE(performer.detach(bus("van")));
}

TEST_F(Performing, AdaptersAreLetGoWithThePerformer) {
    links.fake.plug("/dev/ttyACM0");
    {
        Performer brief(links);
        EXPECT_TRUE(brief.perform(AttachSerial{bus("van"), "/dev/ttyACM0", interface("slcan0"), "a"}));
        EXPECT_EQ(links.fake.all().size(), 1U);
    }
    EXPECT_THAT(links.fake.all(), IsEmpty());
}

TEST_F(Performing, TellingReplacesWhatWasTold) {
    Actual actual{.serial = {{bus("old"), 3}}, .tried = {{3, Tried{}}}};
    performer.tell(actual);
    EXPECT_THAT(actual.serial, IsEmpty());
    EXPECT_THAT(actual.tried, IsEmpty());
}

}  // namespace
}  // namespace mqttcan::supervisor
