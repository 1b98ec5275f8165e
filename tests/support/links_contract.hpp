// SPDX-License-Identifier: MIT
// What netlink::Links promises, as tests: instantiated for FakeLinks on any host and for KernelLinks where
// there is CAN. A World gives an empty network namespace: links(), and add(name, kind), which plays another
// program.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "netlink/links.hpp"
#include "tests/support/values.hpp"

namespace mqttcan::testing {

template <typename World>
class LinksContract : public ::testing::Test {
  protected:
    netlink::Links& links() { return world_.links(); }
    int add(const std::string& name, const std::string& kind) { return world_.add(name, kind); }

    netlink::Link create(const std::string& name, std::uint32_t mtu = netlink::kFdMtu) {
        auto link = links().create_vcan({.name = interface(name), .mtu = mtu, .alias = "mqttcan:test"});
        EXPECT_TRUE(link) << link.error().what;
        return link.value_or(netlink::Link{});
    }
    netlink::Link now(int ifindex) { return links().find(ifindex).value().value_or(netlink::Link{}); }
    bool exists(const std::string& name) { return links().find(interface(name)).value().has_value(); }

    World world_;
};

TYPED_TEST_SUITE_P(LinksContract);

TYPED_TEST_P(LinksContract, CreatesAVcanThatIsUpAndMarkedAsOurs) {
    const netlink::Link link = this->create("vcan7");
    EXPECT_GT(link.ifindex, 1);
    EXPECT_EQ(link.name, "vcan7");
    EXPECT_EQ(link.kind, "vcan");
    EXPECT_EQ(link.mtu, netlink::kFdMtu);
    EXPECT_EQ(link.group, netlink::kOwnedGroup);
    EXPECT_EQ(link.alias, "mqttcan:test");
    EXPECT_TRUE(link.is_can);
    EXPECT_TRUE(link.up);
    EXPECT_TRUE(link.running);
    EXPECT_EQ(link.operstate, netlink::kOperstateUnknown);
    EXPECT_TRUE(netlink::usable(link));
    EXPECT_EQ(this->now(link.ifindex), link);
    EXPECT_EQ(this->links().find(interface("vcan7")).value(), link);
}

TYPED_TEST_P(LinksContract, CreatesClassicLinks) {
    EXPECT_EQ(this->create("classic", netlink::kClassicMtu).mtu, netlink::kClassicMtu);
}

TYPED_TEST_P(LinksContract, NumbersLinksFromTheLowestFreeNumber) {
    this->add("vcan1", "vcan");
    for (const char* expected : {"vcan0", "vcan2", "vcan3"}) {
        EXPECT_EQ(this->links().create_vcan({.name = {}, .mtu = 72, .alias = "a"}).value().name, expected);
    }
    ASSERT_TRUE(this->links().remove(this->links().find(interface("vcan2")).value()->ifindex));
    EXPECT_EQ(this->links().create_vcan({.name = {}, .mtu = 16, .alias = "b"}).value().name, "vcan2");
}

TYPED_TEST_P(LinksContract, NeverTakesOverALinkThatHasTheName) {
    for (const char* kind : {"vcan", "vxcan"}) {
        const std::string name = std::string("taken") + kind;
        const int ifindex = this->add(name, kind);
        const netlink::Link before = this->now(ifindex);
        const auto result = this->links().create_vcan({.name = interface(name), .mtu = 16, .alias = "x"});
        EXPECT_EQ(number_of(result), EEXIST);
        EXPECT_EQ(this->now(ifindex), before);
    }
}

TYPED_TEST_P(LinksContract, LeavesNothingBehindWhenTheAliasIsRefused) {
    const std::string alias(256, 'x');
    EXPECT_EQ(number_of(this->links().create_vcan({.name = interface("vcan0"), .mtu = 72, .alias = alias})),
              ERANGE);
    EXPECT_FALSE(this->exists("vcan0"));
}

TYPED_TEST_P(LinksContract, SetsUpAndDownAsOftenAsAsked) {
    const int ifindex = this->create("vcan0").ifindex;
    for (const bool up : {false, false, true, true, false}) {
        ASSERT_TRUE(up ? this->links().set_up(ifindex) : this->links().set_down(ifindex));
        EXPECT_EQ(this->now(ifindex).up, up);
        EXPECT_EQ(netlink::usable(this->now(ifindex)), up);
    }
}

TYPED_TEST_P(LinksContract, ChangesTheMtuOnlyWhileDownAndOnlyToOneOfCan) {
    const int ifindex = this->create("vcan0").ifindex;
    EXPECT_EQ(number_of(this->links().set_mtu(ifindex, 16)), EBUSY);
    ASSERT_TRUE(this->links().set_down(ifindex));
    EXPECT_TRUE(this->links().set_mtu(ifindex, 16));
    EXPECT_EQ(this->now(ifindex).mtu, 16U);
    for (const std::uint32_t mtu : {15U, 17U, 71U, 73U}) {
        EXPECT_EQ(number_of(this->links().set_mtu(ifindex, mtu)), EINVAL) << mtu;
    }
    EXPECT_EQ(this->now(ifindex).mtu, 16U);
}

TYPED_TEST_P(LinksContract, GivesAndTakesAliasesUpToTheKernelsLimit) {
    const int ifindex = this->create("vcan0").ifindex;
    for (const std::string& alias :
         {std::string("b"), std::string(255, 'x'), std::string("\xff\n"), std::string()}) {
        ASSERT_TRUE(this->links().set_alias(ifindex, alias));
        EXPECT_EQ(this->now(ifindex).alias, alias);
    }
    EXPECT_EQ(number_of(this->links().set_alias(ifindex, std::string(256, 'x'))), ERANGE);
    EXPECT_EQ(number_of(this->links().set_alias(ifindex, std::string(70000, 'x'))), ERANGE);
    ASSERT_TRUE(this->links().set_down(ifindex));
    ASSERT_TRUE(this->links().set_alias(ifindex, "while down"));
    EXPECT_EQ(this->now(ifindex).alias, "while down");
}

TYPED_TEST_P(LinksContract, RenamesOnlyWhileDownAndOnlyToAFreeName) {
    const int ifindex = this->create("vcan0").ifindex;
    this->create("vcan1");
    EXPECT_EQ(number_of(this->links().rename(ifindex, interface("vcan2"))), EBUSY);
    ASSERT_TRUE(this->links().set_down(ifindex));
    EXPECT_EQ(number_of(this->links().rename(ifindex, interface("vcan1"))), EEXIST);
    ASSERT_TRUE(this->links().rename(ifindex, interface("vcan2")));
    EXPECT_EQ(this->now(ifindex).name, "vcan2");
    EXPECT_EQ(this->now(ifindex).alias, "mqttcan:test");
    EXPECT_FALSE(this->exists("vcan0"));
}

TYPED_TEST_P(LinksContract, RemovesALinkForGood) {
    const int first = this->create("vcan0").ifindex;
    ASSERT_TRUE(this->links().remove(first));
    EXPECT_FALSE(this->exists("vcan0"));
    EXPECT_EQ(number_of(this->links().remove(first)), ENODEV);
    EXPECT_NE(this->create("vcan0").ifindex, first);
}

TYPED_TEST_P(LinksContract, SaysWhenThereIsNoSuchLink) {
    constexpr int kAbsent = 12345;
    EXPECT_EQ(number_of(this->links().set_up(kAbsent)), ENODEV);
    EXPECT_EQ(number_of(this->links().set_down(kAbsent)), ENODEV);
    EXPECT_EQ(number_of(this->links().set_mtu(kAbsent, 72)), ENODEV);
    EXPECT_EQ(number_of(this->links().set_alias(kAbsent, "a")), ENODEV);
    EXPECT_EQ(number_of(this->links().rename(kAbsent, interface("vcan9"))), ENODEV);
    EXPECT_EQ(number_of(this->links().remove(kAbsent)), ENODEV);
    for (const int ifindex : {kAbsent, 0, -1}) {
        EXPECT_EQ(this->links().find(ifindex).value(), std::nullopt);
    }
    EXPECT_EQ(this->links().find(interface("vcan9")).value(), std::nullopt);
}

REGISTER_TYPED_TEST_SUITE_P(LinksContract, CreatesAVcanThatIsUpAndMarkedAsOurs, CreatesClassicLinks,
                            NumbersLinksFromTheLowestFreeNumber, NeverTakesOverALinkThatHasTheName,
                            LeavesNothingBehindWhenTheAliasIsRefused, SetsUpAndDownAsOftenAsAsked,
                            ChangesTheMtuOnlyWhileDownAndOnlyToOneOfCan,
                            GivesAndTakesAliasesUpToTheKernelsLimit, RenamesOnlyWhileDownAndOnlyToAFreeName,
                            RemovesALinkForGood, SaysWhenThereIsNoSuchLink);

}  // namespace mqttcan::testing
