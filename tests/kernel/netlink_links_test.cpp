// SPDX-License-Identifier: MIT
// KernelLinks on the real kernel: the contract, and what only the kernel can tell.
#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/support/kernel_world.hpp"
#include "tests/support/links_contract.hpp"
#include "tests/support/unprivileged.hpp"

namespace mqttcan::testing {
namespace {

using netlink::KernelLinks;
using ::testing::AllOf;
using ::testing::HasSubstr;

INSTANTIATE_TYPED_TEST_SUITE_P(Kernel, LinksContract, KernelWorld);

TEST(KernelLinks, NamesTheCapabilityThatIsMissing) {
    KernelWorld world;
    const int ifindex = world.add("vcan0", "vcan");
    const Unprivileged now;
    const auto created = world.links().create_vcan({.name = interface("vcan1"), .mtu = 72, .alias = "a"});
    ASSERT_EQ(number_of(created), EPERM);
    EXPECT_THAT(created.error().what, AllOf(HasSubstr("creating vcan1"), HasSubstr("CAP_NET_ADMIN"),
                                            HasSubstr("root or through the mqttcan service")));
    const auto up = world.links().set_up(ifindex);
    ASSERT_EQ(number_of(up), EPERM);
    EXPECT_THAT(up.error().what, AllOf(HasSubstr("setting vcan0 up"), HasSubstr("CAP_NET_ADMIN")));
    EXPECT_TRUE(world.links().find(ifindex).value().has_value());
}

TEST(KernelLinks, TellsWhatTheKernelSaid) {
    KernelWorld world;
    world.add("vcan0", "vcan");
    const auto created = world.links().create_vcan({.name = interface("vcan0"), .mtu = 72, .alias = "a"});
    ASSERT_EQ(number_of(created), EEXIST);
    EXPECT_THAT(created.error().what, AllOf(HasSubstr("creating vcan0"), HasSubstr("File exists")));
    const auto up = world.links().set_up(4711);
    EXPECT_THAT(up.error().what, AllOf(HasSubstr("link 4711"), HasSubstr("No such device")));
}

TEST(KernelLinks, FindsLinksThatAreNoCanLinks) {
    KernelWorld world;
    const auto lo = world.links().find(interface("lo")).value();
    ASSERT_TRUE(lo.has_value());
    EXPECT_EQ(lo->ifindex, 1);
    EXPECT_FALSE(lo->is_can);
    EXPECT_FALSE(netlink::usable(*lo));
}

TEST(KernelLinks, SkipsANumberThatIsAnotherLinksSecondName) {
    KernelWorld world;
    world.add("other", "vcan");
    ASSERT_EQ(std::system("ip link property add dev other altname vcan0"), 0);
    EXPECT_EQ(world.links().create_vcan({.name = {}, .mtu = 72, .alias = "a"}).value().name, "vcan1");
}

TEST(KernelLinks, StaysInTheNamespaceWhereItWasOpened) {
    KernelWorld world;
    world.add("vcan0", "vcan");
    const OwnNamespace elsewhere;
    EXPECT_TRUE(world.links().find(interface("vcan0")).value().has_value());
    EXPECT_FALSE(KernelLinks::open().value()->find(interface("vcan0")).value().has_value());
}

}  // namespace
}  // namespace mqttcan::testing
