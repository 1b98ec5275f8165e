// SPDX-License-Identifier: MIT
// LinkWatcher on the real kernel: every way in which a link can come, change and go.
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "netlink/kernel_links.hpp"
#include "netlink/watcher.hpp"
#include "tests/support/own_namespace.hpp"
#include "tests/support/unprivileged.hpp"
#include "tests/support/values.hpp"

namespace mqttcan::testing {
namespace {

using netlink::KernelLinks;
using netlink::LinkWatcher;

class Watching : public ::testing::Test {
  protected:
    void watch(int receive_buffer = LinkWatcher::kReceiveBuffer) {
        watcher_ = LinkWatcher::open(receive_buffer).value();
    }
    const std::map<int, netlink::Link>& seen() const { return watcher_->links(); }
    int create(const std::string& name) {
        return links_->create_vcan({.name = interface(name), .mtu = 72, .alias = "mqttcan:test"})
            .value()
            .ifindex;
    }
    static void shell(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }

    /// Follows events until `reached`, at most five seconds.
    ::testing::AssertionResult comes(const std::function<bool()>& reached) {
        const TimePoint deadline = BootClock::now() + std::chrono::seconds(5);
        while (!reached()) {
            pollfd ready{.fd = watcher_->fd(), .events = POLLIN, .revents = 0};
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline - BootClock::now()).count();
            if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0) {
                return ::testing::AssertionFailure() << "no event within five seconds";
            }
            if (const auto drained = watcher_->drain(); !drained) {
                return ::testing::AssertionFailure() << drained.error().what;
            }
        }
        return ::testing::AssertionSuccess();
    }
    bool silent() const {
        pollfd ready{.fd = watcher_->fd(), .events = POLLIN, .revents = 0};
        return ::poll(&ready, 1, 0) == 0;
    }

    OwnNamespace space_;
    std::unique_ptr<KernelLinks> links_ = KernelLinks::open().value();
    std::unique_ptr<LinkWatcher> watcher_;
};

TEST_F(Watching, BeginsWithWhatIsThere) {
    const int ifindex = create("vcan0");
    watch();
    ASSERT_EQ(seen().size(), 1U);
    EXPECT_EQ(seen().at(ifindex), links_->find(ifindex).value());
}

TEST_F(Watching, SeesALinkComeWithItsAliasAndGo) {
    watch();
    const int ifindex = create("vcan0");
    EXPECT_TRUE(
        comes([&] { return seen().contains(ifindex) && seen().at(ifindex).alias == "mqttcan:test"; }));
    EXPECT_EQ(seen().at(ifindex), links_->find(ifindex).value());
    shell("ip link del vcan0");
    EXPECT_TRUE(comes([&] { return seen().empty(); }));
}

TEST_F(Watching, SeesALinkSetDownUpAndRenamed) {
    const int ifindex = create("vcan0");
    watch();
    shell("ip link set vcan0 down");
    EXPECT_TRUE(comes([&] { return !seen().at(ifindex).up; }));
    shell("ip link set vcan0 mtu 16 name other");
    EXPECT_TRUE(comes([&] { return seen().at(ifindex).name == "other" && seen().at(ifindex).mtu == 16; }));
    shell("ip link set other up group 7");
    EXPECT_TRUE(comes([&] { return seen().at(ifindex).up && seen().at(ifindex).group == 7; }));
}

TEST_F(Watching, KnowsARecreatedLinkAsAnotherOne) {
    const int first = create("vcan0");
    watch();
    shell("ip link del vcan0 && ip link add vcan0 type vcan");
    EXPECT_TRUE(comes([&] { return !seen().empty() && !seen().contains(first); }));
    ASSERT_EQ(seen().size(), 1U);
    EXPECT_EQ(seen().begin()->second.name, "vcan0");
}

TEST_F(Watching, LosesALinkThatMovesToAnotherNamespace) {
    create("vcan0");
    watch();
    shell("unshare --net sh -c 'nsenter --net=/proc/$PPID/ns/net ip link set vcan0 netns $$'");
    EXPECT_TRUE(comes([&] { return seen().empty(); }));
}

TEST_F(Watching, IsNotMovedByLinksThatAreNoCanLinks) {
    watch();
    shell("ip link set lo up");
    EXPECT_FALSE(silent());
    EXPECT_FALSE(watcher_->drain().value());
    EXPECT_TRUE(seen().empty());
    EXPECT_TRUE(silent());
}

TEST_F(Watching, ReportsNoChangeWhenNothingIsPending) {
    create("vcan0");
    watch();
    EXPECT_FALSE(watcher_->drain().value());
    EXPECT_FALSE(watcher_->refresh().value());
}

// The kernel has no event for it; whoever sets such an alias looks again himself.
TEST_F(Watching, LearnsAnAliasSetOnALinkThatIsDownByLookingAgain) {
    const int ifindex = create("vcan0");
    ASSERT_TRUE(links_->set_down(ifindex));
    watch();
    ASSERT_TRUE(links_->set_alias(ifindex, "other"));
    EXPECT_TRUE(watcher_->refresh().value());
    EXPECT_EQ(seen().at(ifindex).alias, "other");
}

TEST_F(Watching, LooksAgainWhenEventsWereLost) {
    watch(1);  // the kernel makes it as small as it allows
    const int kept = create("vcan0");
    ASSERT_TRUE(watcher_->drain());
    std::vector<int> others;
    for (int count = 0; count < 50; ++count) {
        others.push_back(create(text("x", count)));
    }
    shell("ip link del vcan0");  // its event is lost for certain: the buffer is full
    int error = 0;
    socklen_t size = sizeof(error);
    ASSERT_EQ(::getsockopt(watcher_->fd(), SOL_SOCKET, SO_ERROR, &error, &size), 0);
    ASSERT_EQ(error, ENOBUFS) << "no overrun: the test proves nothing";
    // Reading the error took it away, so cause another.
    for (const int ifindex : others) {
        ASSERT_TRUE(links_->set_down(ifindex));
    }
    EXPECT_TRUE(watcher_->drain().value());
    EXPECT_EQ(seen().size(), 50U);
    EXPECT_FALSE(seen().contains(kept));
    for (const auto& [ifindex, link] : seen()) {
        EXPECT_FALSE(link.up) << link.name;
    }
    shell("ip link del x7");
    EXPECT_TRUE(comes([&] { return seen().size() == 49; }));
}

TEST_F(Watching, FollowsTwoHundredAndFiftySixLinks) {
    watch();
    for (int count = 0; count < 256; ++count) {
        ASSERT_TRUE(links_->create_vcan({.name = {}, .mtu = 72, .alias = text("mqttcan:bus", count)}));
    }
    EXPECT_TRUE(comes([&] { return seen().size() == 256; }));
    for (const auto& [ifindex, link] : seen()) {
        EXPECT_TRUE(netlink::usable(link));
        EXPECT_EQ(link.group, netlink::kOwnedGroup);
        EXPECT_EQ(link.alias, text("mqttcan:bus", link.name.substr(4)));
    }
    shell(text("ip link del group ", netlink::kOwnedGroup));
    EXPECT_TRUE(comes([&] { return seen().empty(); }));
}

// A pair begins in the state "unknown", in which a vcan lives and a vxcan loses frames.
TEST_F(Watching, SeesAPairBecomeUsableOnlyWhenBothEndsAreUp) {
    shell("ip link add left type vxcan peer name right && ip link set left up");
    watch();
    const int left = links_->find(interface("left")).value()->ifindex;
    EXPECT_EQ(seen().at(left).kind, "vxcan");
    EXPECT_TRUE(seen().at(left).up);
    EXPECT_FALSE(netlink::usable(seen().at(left)));
    shell("ip link set right up");
    EXPECT_TRUE(comes([&] { return netlink::usable(seen().at(left)); }));
    shell("ip link set right down");
    EXPECT_TRUE(comes([&] { return !netlink::usable(seen().at(left)); }));
}

TEST_F(Watching, NeedsNoCapability) {
    create("vcan0");
    {
        const Unprivileged now;
        watch();
    }
    EXPECT_EQ(seen().size(), 1U);
    shell("ip link set vcan0 down");
    const Unprivileged now;
    EXPECT_TRUE(comes([&] { return !seen().begin()->second.up; }));
}

}  // namespace
}  // namespace mqttcan::testing
