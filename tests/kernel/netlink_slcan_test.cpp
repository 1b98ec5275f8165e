// SPDX-License-Identifier: MIT
// Serial adapters, and with them controllers, on a real kernel that need not have hardware: the adapter is
// played on a pty. A program of its own, because the kernel makes these links in its initial namespace: it
// belongs into the lab, whatever the host's kernel can do.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>

#include "base/clock.hpp"
#include "netlink/kernel_links.hpp"
#include "netlink/watcher.hpp"
#include "tests/support/own_namespace.hpp"
#include "tests/support/serial_adapter.hpp"
#include "tests/support/unprivileged.hpp"
#include "tests/support/values.hpp"

namespace mqttcan::testing {
namespace {

using netlink::ControllerState;
using netlink::KernelLinks;
using netlink::Link;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Slcan : public ::testing::Test {
  protected:
    Result<netlink::SerialLink> attach(const std::string& name = "slcan0") {
        return links_->attach_slcan(
            {.device = adapter_.device(), .name = interface(name), .alias = "mqttcan:test"});
    }
    Link now(int ifindex) { return links_->find(ifindex).value().value_or(Link{}); }
    bool comes(const std::function<bool()>& reached) {
        const TimePoint deadline = BootClock::now() + std::chrono::seconds(5);
        bool done = reached();
        while (!done && BootClock::now() < deadline) {
            done = reached();
        }
        return done;
    }
    bool hears(const std::string& words) {
        std::string all;
        return comes([&] {
            all += adapter_.heard();
            return all.find(words) != std::string::npos;
        });
    }
    template <typename Call>
    static long milliseconds(Call call) {
        const TimePoint begin = BootClock::now();
        call();
        return static_cast<long>(
            std::chrono::duration_cast<std::chrono::milliseconds>(BootClock::now() - begin).count());
    }

    SerialAdapter adapter_;
    std::unique_ptr<KernelLinks> links_ = KernelLinks::open().value();
};

TEST_F(Slcan, AttachesAsALinkThatIsDownAndMarkedAsOurs) {
    const auto attached = attach();
    ASSERT_TRUE(attached) << attached.error().what;
    const Link& link = attached->link;
    EXPECT_EQ(link.name, "slcan0");
    EXPECT_EQ(link.kind, "can");
    EXPECT_TRUE(link.is_can);
    EXPECT_FALSE(link.up);
    EXPECT_EQ(link.mtu, netlink::kClassicMtu);
    EXPECT_EQ(link.group, netlink::kOwnedGroup);
    EXPECT_EQ(link.alias, "mqttcan:test");
    ASSERT_TRUE(link.controller.has_value());
    EXPECT_EQ(link.controller->state, ControllerState::stopped);
    const CanSettings expected{.listen_only = false, .restart = Duration::zero(), .tx_queue_length = 10};
    EXPECT_EQ(link.controller->settings, expected);
    EXPECT_EQ(now(link.ifindex), link);
}

TEST_F(Slcan, LosesItsLinkWhenTheTtyIsClosed) {
    auto attached = attach().value();
    attached.tty.reset();
    EXPECT_TRUE(comes([&] { return !links_->find(attached.link.ifindex).value(); }));
    EXPECT_TRUE(attach());  // and again
}

TEST_F(Slcan, LosesItsLinkWhenTheAdapterIsUnplugged) {
    const auto attached = attach().value();
    ASSERT_TRUE(links_->configure(attached.link.ifindex, {.bitrate = 500000}));
    ASSERT_TRUE(links_->set_up(attached.link.ifindex));
    adapter_.unplug();
    EXPECT_TRUE(comes([&] { return !links_->find(attached.link.ifindex).value(); }));
    pollfd end{.fd = attached.tty.get(), .events = 0, .revents = 0};
    EXPECT_EQ(::poll(&end, 1, 0), 1);
    EXPECT_NE(end.revents & POLLHUP, 0);
}

TEST_F(Slcan, SetsTheBitRateAndReadsItBack) {
    const int ifindex = attach().value().link.ifindex;
    EXPECT_FALSE(links_->find(ifindex).value()) << "the tty was closed again";
    const auto attached = attach().value();
    ASSERT_TRUE(links_->configure(attached.link.ifindex, {.bitrate = 500000, .tx_queue_length = 77}));
    const CanSettings settings = now(attached.link.ifindex).controller->settings;
    EXPECT_EQ(settings.bitrate, 500000U);
    EXPECT_EQ(settings.tx_queue_length, 77U);
    EXPECT_EQ(settings.listen_only, false);
    ASSERT_TRUE(links_->configure(attached.link.ifindex, {.listen_only = true}));
    EXPECT_EQ(now(attached.link.ifindex).controller->settings.bitrate, 500000U);
    EXPECT_EQ(now(attached.link.ifindex).controller->settings.listen_only, true);
}

TEST_F(Slcan, GoesUpWithItsBitRateAndDownWithAClose) {
    const auto attached = attach().value();
    ASSERT_TRUE(links_->configure(attached.link.ifindex, {.bitrate = 500000}));
    ASSERT_TRUE(links_->set_up(attached.link.ifindex));
    EXPECT_TRUE(hears("C\rS6\rO\r"));
    const Link up = now(attached.link.ifindex);
    EXPECT_TRUE(netlink::usable(up));
    EXPECT_EQ(up.controller->state, ControllerState::error_active);
    EXPECT_EQ(number_of(links_->configure(attached.link.ifindex, {.bitrate = 250000})), EBUSY);
    EXPECT_EQ(number_of(links_->configure(attached.link.ifindex, {.listen_only = true})), EBUSY);
    EXPECT_TRUE(links_->configure(attached.link.ifindex, {.tx_queue_length = 5}));
    ASSERT_TRUE(links_->set_down(attached.link.ifindex));
    EXPECT_TRUE(hears("C\r"));
    EXPECT_EQ(now(attached.link.ifindex).controller->state, ControllerState::stopped);
}

TEST_F(Slcan, OpensTheAdapterListenOnlyIfAsked) {
    const auto attached = attach().value();
    ASSERT_TRUE(links_->configure(attached.link.ifindex, {.bitrate = 1000000, .listen_only = true}));
    ASSERT_TRUE(links_->set_up(attached.link.ifindex));
    EXPECT_TRUE(hears("C\rS8\rL\r"));
}

TEST_F(Slcan, FollowsTheStatesThatTheAdapterTells) {
    const auto attached = attach().value();
    const int ifindex = attached.link.ifindex;
    ASSERT_TRUE(links_->configure(ifindex, {.bitrate = 500000}));
    ASSERT_TRUE(links_->set_up(ifindex));
    const std::pair<const char*, ControllerState> said[] = {{"sw000097\r", ControllerState::error_warning},
                                                            {"sp000128\r", ControllerState::error_passive},
                                                            {"sa000000\r", ControllerState::error_active},
                                                            {"sb000000\r", ControllerState::bus_off}};
    for (const auto& [words, state] : said) {
        adapter_.say(words);
        EXPECT_TRUE(comes([&] { return now(ifindex).controller->state == state; })) << words;
    }
    const auto counted = links_->statistics(ifindex).value();
    EXPECT_EQ(counted.state, ControllerState::bus_off);
    EXPECT_EQ(counted.error_warnings, 1U);
    EXPECT_EQ(counted.error_passives, 1U);
    EXPECT_EQ(counted.bus_offs, 1U);
    EXPECT_TRUE(netlink::usable(now(ifindex)));
    // The way out of bus-off:
    const auto restarted = links_->restart(ifindex);
    EXPECT_EQ(number_of(restarted), EOPNOTSUPP);
    EXPECT_THAT(restarted.error().what, HasSubstr("serial adapters know no restart"))
        << "the kernel was asked";
    ASSERT_TRUE(links_->set_down(ifindex));
    ASSERT_TRUE(links_->set_up(ifindex));
    EXPECT_EQ(now(ifindex).controller->state, ControllerState::error_active);
}

TEST_F(Slcan, TellsAWatcherOfBusOffAndOfWarningWhenItLooks) {
    const auto watcher = netlink::LinkWatcher::open().value();
    const auto attached = attach().value();
    const int ifindex = attached.link.ifindex;
    ASSERT_TRUE(links_->configure(ifindex, {.bitrate = 500000}));
    ASSERT_TRUE(links_->set_up(ifindex));
    EXPECT_TRUE(watcher->drain());
    EXPECT_EQ(watcher->links().at(ifindex).device, netlink::Device{}) << "a pty is no hardware";
    EXPECT_FALSE(watcher->waits_for_udev());
    const auto state = [&] { return watcher->links().at(ifindex).controller->state; };
    ASSERT_TRUE(watcher->drain());
    adapter_.say("sw000097\r");
    EXPECT_TRUE(comes([&] { return watcher->refresh().value(); }));
    EXPECT_EQ(state(), ControllerState::error_warning);
    adapter_.say("sb000000\r");
    EXPECT_TRUE(comes([&] {
        EXPECT_TRUE(watcher->drain());
        return state() == ControllerState::bus_off;
    }));
}

TEST_F(Slcan, RefusesWhatAdaptersCannotDo) {
    const auto attached = attach().value();
    const int ifindex = attached.link.ifindex;
    const auto rate = links_->configure(ifindex, {.bitrate = 123456});
    EXPECT_EQ(number_of(rate), EINVAL);
    EXPECT_THAT(rate.error().what, AllOf(HasSubstr("setting slcan0 to bit rate 123456 bit/s"),
                                         HasSubstr("cannot make 123456 bit/s")));
    const auto fd = links_->configure(ifindex, {.fd = true});
    EXPECT_EQ(number_of(fd), EOPNOTSUPP);
    EXPECT_THAT(fd.error().what, AllOf(HasSubstr("fd on"), HasSubstr("driver knows no such setting")));
    EXPECT_EQ(number_of(links_->configure(ifindex, {.data_bitrate = 2000000})), EOPNOTSUPP);
    EXPECT_EQ(number_of(links_->configure(ifindex, {.termination = 120})), EOPNOTSUPP);
    const auto restarting = links_->configure(ifindex, {.restart = std::chrono::milliseconds(100)});
    EXPECT_EQ(number_of(restarting), EOPNOTSUPP);
    EXPECT_THAT(restarting.error().what, HasSubstr("serial adapters know no restart"))
        << "the kernel was asked";
    EXPECT_TRUE(links_->configure(ifindex, {.restart = Duration::zero()}));
    // Off is what they are in any case.
    EXPECT_TRUE(links_->configure(ifindex, {.fd = false, .one_shot = false, .berr_reporting = false}));
    EXPECT_EQ(number_of(links_->remove(ifindex)), EOPNOTSUPP);
}

TEST_F(Slcan, GoesUpWithoutABitRateAndLeavesThatToTheAdapter) {
    const auto attached = attach().value();
    EXPECT_TRUE(links_->set_up(attached.link.ifindex));
    EXPECT_EQ(now(attached.link.ifindex).controller->settings.bitrate, std::nullopt);
    ASSERT_TRUE(links_->set_down(attached.link.ifindex));
    EXPECT_EQ(adapter_.heard().find('S'), std::string::npos);
}

// The link of a daemon that was killed, on a line that something else keeps open (a pty's master here).
TEST_F(Slcan, MakesALeftoverAnewAndLeavesTheLinksOfOthersAlone) {
    auto attached = attach().value();
    attached.tty.leave();
    ASSERT_TRUE(links_->find(attached.link.ifindex).value());
    const auto other = links_->attach_slcan(
        {.device = adapter_.device(), .name = interface("slcan1"), .alias = "mqttcan:other"});
    ASSERT_EQ(number_of(other), EBUSY);
    EXPECT_THAT(other.error().what, HasSubstr("it is the interface slcan0 already"));
    ASSERT_TRUE(links_->find(attached.link.ifindex).value());
    const auto again = attach();
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_NE(again->link.ifindex, attached.link.ifindex);
    EXPECT_FALSE(links_->find(attached.link.ifindex).value());
}

TEST_F(Slcan, TakesOverNoName) {
    const auto first = attach().value();
    const SerialAdapter other;
    EXPECT_EQ(number_of(links_->attach_slcan(
                  {.device = other.device(), .name = interface("slcan0"), .alias = "a"})),
              EEXIST);
    EXPECT_TRUE(links_->find(first.link.ifindex).value());
}

TEST_F(Slcan, LeavesNothingBehindWhenAStepFails) {
    const auto attached = links_->attach_slcan(
        {.device = adapter_.device(), .name = interface("slcan0"), .alias = std::string(256, 'x')});
    EXPECT_EQ(number_of(attached), ERANGE);
    EXPECT_FALSE(links_->find(interface("slcan0")).value());
    EXPECT_FALSE(links_->find(interface("can0")).value());
    const Unprivileged now;
    const auto refused = attach();
    EXPECT_EQ(number_of(refused), EPERM);
    EXPECT_THAT(refused.error().what, HasSubstr("CAP_NET_ADMIN"));
}

TEST_F(Slcan, NamesTheGroupThatTheUserLacks) {
    ASSERT_EQ(::chmod(adapter_.device().c_str(), 0), 0);
    const Unprivileged now;
    const auto refused = attach();
    EXPECT_EQ(number_of(refused), EACCES);
    EXPECT_THAT(refused.error().what, HasSubstr("group dialout"));
}

TEST_F(Slcan, IsNoFileAndNoOtherDevice) {
    for (const auto& [device, number] :
         {std::pair("/dev/null", ENOTTY), std::pair("/dev", EISDIR), std::pair("/dev/ttyACM99", ENOENT)}) {
        const auto attached =
            links_->attach_slcan({.device = device, .name = interface("slcan0"), .alias = "a"});
        EXPECT_EQ(number_of(attached), number) << (attached ? "" : attached.error().what);
    }
}

TEST_F(Slcan, IsNotFoundFromAnotherNamespace) {
    const OwnNamespace elsewhere;
    const auto inside = KernelLinks::open().value();
    const auto attached =
        inside->attach_slcan({.device = adapter_.device(), .name = interface("slcan0"), .alias = "a"});
    ASSERT_EQ(number_of(attached), ENODEV);
    EXPECT_THAT(attached.error().what, HasSubstr("own network namespace"));
    EXPECT_FALSE(links_->find(interface("can0")).value());
}

// The daemon's only loop makes these calls: what a dead adapter costs it is bounded, and measured here.
TEST_F(Slcan, BlocksForASecondPerCommandThatADeafAdapterDoesNotTake) {
    auto attached = attach().value();
    const int ifindex = attached.link.ifindex;
    ASSERT_TRUE(links_->configure(ifindex, {.bitrate = 500000}));
    const long prompt_up = milliseconds([&] { ASSERT_TRUE(links_->set_up(ifindex)); });
    const long prompt_down = milliseconds([&] { ASSERT_TRUE(links_->set_down(ifindex)); });
    adapter_.go_deaf();
    int number = 0;
    const long deaf_up = milliseconds([&] { number = number_of(links_->set_up(ifindex)); });
    std::cerr << "set_up " << prompt_up << " ms, set_down " << prompt_down << " ms; deaf: set_up " << deaf_up
              << " ms (errno " << number << ")\n";
    EXPECT_LT(deaf_up, 4000);
    const long closed = milliseconds([&] { attached.tty.reset(); });
    std::cerr << "closing the deaf one's tty: " << closed << " ms\n";
    EXPECT_LT(closed, 4000);
}

TEST_F(Slcan, BlocksForASecondWhenAnAdapterThatWentDeafIsSetDown) {
    auto attached = attach().value();
    const int ifindex = attached.link.ifindex;
    ASSERT_TRUE(links_->configure(ifindex, {.bitrate = 500000}));
    ASSERT_TRUE(links_->set_up(ifindex));
    adapter_.go_deaf();
    int number = 0;
    const long down = milliseconds([&] { number = number_of(links_->set_down(ifindex)); });
    std::cerr << "deaf: set_down " << down << " ms (errno " << number << ")\n";
    EXPECT_LT(down, 4000);
    const long up = milliseconds([&] { number = number_of(links_->set_up(ifindex)); });
    std::cerr << "deaf: set_up again " << up << " ms (errno " << number << ")\n";
}

TEST_F(Slcan, BlocksForASecondWhenADeafAdapterThatIsUpIsDetached) {
    auto attached = attach().value();
    ASSERT_TRUE(links_->configure(attached.link.ifindex, {.bitrate = 500000}));
    ASSERT_TRUE(links_->set_up(attached.link.ifindex));
    adapter_.go_deaf();
    const long closed = milliseconds([&] { attached.tty.reset(); });
    std::cerr << "deaf and up: detaching " << closed << " ms\n";
    EXPECT_LT(closed, 4000);
    EXPECT_FALSE(links_->find(attached.link.ifindex).value());
}

}  // namespace
}  // namespace mqttcan::testing
