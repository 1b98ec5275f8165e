// SPDX-License-Identifier: MIT
// FakeLinks keeps the promises of netlink::Links; tests/kernel holds the kernel to the same ones.
#include "tests/support/fake_links.hpp"

#include <poll.h>

#include "tests/support/links_contract.hpp"
#include "tests/support/pairs_contract.hpp"

namespace mqttcan::testing {
namespace {

struct FakeWorld {
    FakeLinks fake;

    netlink::Links& links() { return fake; }
    int add(const std::string& name, const std::string& kind) {
        return fake.add({.name = name, .kind = kind, .is_can = true, .mtu = netlink::kFdMtu});
    }
    NetworkNamespace make_namespace() {
        const NetworkNamespace space{.path = text("/run/netns/fake", count++)};
        fake.add_namespace(space);
        return space;
    }
    void remove_namespace(const NetworkNamespace& space) { fake.remove_namespace(space); }
    void add_elsewhere(const NetworkNamespace& space, const std::string& name) {
        fake.add_elsewhere(space, name);
    }
    void set_up_elsewhere(const NetworkNamespace& space, const std::string& name, bool up) {
        fake.set_up_elsewhere(space, name, up);
    }
    int count = 0;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Fake, LinksContract, FakeWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, PairsContract, FakeWorld);

TEST(FakeHardware, HasItsSettingsOnlyWhileDownAndWithinItsMeans) {
    FakeLinks fake;
    const int can0 = fake.add_hardware("can0", true);
    const auto settings = [&] { return fake.find(can0).value()->controller->settings; };
    EXPECT_EQ(number_of(fake.configure(can0, {.bitrate = 250000})), EBUSY);
    EXPECT_TRUE(fake.configure(can0, {.tx_queue_length = 100}));
    ASSERT_TRUE(fake.set_down(can0));
    EXPECT_EQ(number_of(fake.configure(can0, {.bitrate = 5000000})), EDOM);
    EXPECT_EQ(number_of(fake.configure(can0, {.fd = true})), EOPNOTSUPP);
    EXPECT_EQ(number_of(fake.configure(can0, {.data_bitrate = 2000000})), EOPNOTSUPP);
    EXPECT_TRUE(fake.configure(can0, {.bitrate = 123457, .fd = false, .one_shot = true}));
    EXPECT_EQ(settings().bitrate, 123076U);
    EXPECT_EQ(settings().one_shot, true);
    EXPECT_EQ(settings().fd, std::nullopt);
    EXPECT_EQ(settings().tx_queue_length, 100U);
    EXPECT_EQ(fake.find(can0).value()->controller->state, netlink::ControllerState::stopped);
}

TEST(FakeHardware, IsRestartedOnlyInBusOff) {
    FakeLinks fake;
    const int can0 = fake.add_hardware("can0", true);
    EXPECT_EQ(number_of(fake.restart(can0)), EBUSY);
    fake.tamper(can0, [](auto& link) { link.controller->state = netlink::ControllerState::bus_off; });
    fake.counters(can0).bus_offs = 1;
    ASSERT_TRUE(fake.restart(can0));
    EXPECT_EQ(fake.statistics(can0).value(),
              (netlink::ControllerStatistics{
                  .state = netlink::ControllerState::error_active, .bus_offs = 1, .restarts = 1}));
}

TEST(FakeHardware, ComesAndGoesWithASerialAdapter) {
    FakeLinks fake;
    const netlink::SlcanRequest request{.device = "/dev/ttyACM0", .name = interface("slcan0"), .alias = "a"};
    EXPECT_EQ(number_of(fake.attach_slcan(request)), ENOENT);
    fake.plug(request.device);
    auto first = fake.attach_slcan(request).value();
    EXPECT_EQ(fake.find(first.link.ifindex).value(), first.link);
    EXPECT_TRUE(fake.configure(first.link.ifindex, {.bitrate = 500000}));
    EXPECT_EQ(number_of(fake.restart(first.link.ifindex)), EOPNOTSUPP);
    first.tty.reset();
    EXPECT_FALSE(fake.find(first.link.ifindex).value());
    const auto second = fake.attach_slcan(request).value();
    fake.unplug(request.device);
    EXPECT_TRUE(fake.all().empty());
    pollfd end{.fd = second.tty.get(), .events = 0, .revents = 0};
    EXPECT_EQ(::poll(&end, 1, 0), 1);
    EXPECT_NE(end.revents & POLLHUP, 0);
    fake.plug(request.device, true);
    const auto deaf = fake.attach_slcan(request).value();
    EXPECT_EQ(number_of(fake.set_up(deaf.link.ifindex)), ETIMEDOUT);
}

}  // namespace
}  // namespace mqttcan::testing
