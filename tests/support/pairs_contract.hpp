// SPDX-License-Identifier: MIT
// What netlink::Links promises about vxcan pairs, other network namespaces and controllers, as tests; the
// rest is in links_contract.hpp. A World gives, beside what is asked for there, make_namespace(),
// remove_namespace(), add_elsewhere(space, name) and set_up_elsewhere(space, name, up).
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "base/clock.hpp"
#include "netlink/links.hpp"
#include "tests/support/values.hpp"

namespace mqttcan::testing {

template <typename World>
class PairsContract : public ::testing::Test {
  protected:
    netlink::Links& links() { return world_.links(); }
    int add(const std::string& name, const std::string& kind) { return world_.add(name, kind); }

    netlink::Link create(const std::string& name, const std::string& peer,
                         std::uint32_t mtu = netlink::kFdMtu) {
        auto link = links().create_vxcan({.name = interface(name),
                                          .peer = interface(peer),
                                          .mtu = mtu,
                                          .alias = "mqttcan:test",
                                          .peer_alias = "mqttcan:peer"});
        EXPECT_TRUE(link) << link.error().what;
        return link.value_or(netlink::Link{});
    }
    std::optional<netlink::Link> find(const std::string& name) {
        return links().find(interface(name)).value();
    }
    netlink::Link now(int ifindex) { return links().find(ifindex).value().value_or(netlink::Link{}); }
    /// The kernel settles a link's operstate by and by.
    template <typename Condition>
    bool comes(Condition reached) {
        const TimePoint deadline = BootClock::now() + std::chrono::seconds(5);
        bool done = reached();
        while (!done && BootClock::now() < deadline) {
            done = reached();
        }
        return done;
    }
    bool becomes_usable(int ifindex, bool expected = true) {
        return comes([&] { return netlink::usable(now(ifindex)) == expected; });
    }

    World world_;
};

TYPED_TEST_SUITE_P(PairsContract);

TYPED_TEST_P(PairsContract, CreatesBothEndsDownAndMarkedAsOurs) {
    for (const std::uint32_t mtu : {netlink::kClassicMtu, netlink::kFdMtu}) {
        const netlink::Link left = this->create("left", "right", mtu);
        const netlink::Link right = this->find("right").value_or(netlink::Link{});
        EXPECT_EQ(left.name, "left");
        EXPECT_EQ(left.alias, "mqttcan:test");
        EXPECT_EQ(right.alias, "mqttcan:peer");
        for (const auto& [end, other] : {std::pair(left, right), std::pair(right, left)}) {
            EXPECT_EQ(end.kind, "vxcan");
            EXPECT_EQ(end.mtu, mtu);
            EXPECT_EQ(end.group, netlink::kOwnedGroup);
            EXPECT_TRUE(end.is_can);
            EXPECT_FALSE(end.up);
            EXPECT_FALSE(end.controller.has_value());
            EXPECT_EQ(end.peer, (netlink::PeerPlace{.ifindex = other.ifindex}));
        }
        ASSERT_TRUE(this->links().remove(right.ifindex));
        EXPECT_FALSE(this->find("left"));
    }
}

TYPED_TEST_P(PairsContract, IsUsableOnceBothEndsAreUp) {
    const int left = this->create("left", "right").ifindex;
    const int right = this->find("right")->ifindex;
    ASSERT_TRUE(this->links().set_up(left));
    EXPECT_FALSE(netlink::usable(this->now(left)));
    ASSERT_TRUE(this->links().set_up(right));
    EXPECT_TRUE(this->becomes_usable(left));
    EXPECT_TRUE(this->becomes_usable(right));
    ASSERT_TRUE(this->links().set_down(right));
    EXPECT_TRUE(this->becomes_usable(left, false));
}

TYPED_TEST_P(PairsContract, TakesOverNeitherName) {
    const int taken = this->add("taken", "vcan");
    const netlink::Link before = this->now(taken);
    for (const auto& [name, peer] : {std::pair("taken", "other"), std::pair("other", "taken")}) {
        const auto made = this->links().create_vxcan(
            {.name = interface(name), .peer = interface(peer), .alias = "a", .peer_alias = "b"});
        EXPECT_EQ(number_of(made), EEXIST);
        EXPECT_FALSE(this->find("other"));
    }
    EXPECT_EQ(this->now(taken), before);
}

TYPED_TEST_P(PairsContract, LeavesNothingBehindWhenAnAliasIsRefused) {
    const std::string bad(256, 'x');
    for (const auto& [alias, peer_alias] :
         {std::pair(bad, std::string("a")), std::pair(std::string("a"), bad)}) {
        const auto made = this->links().create_vxcan({.name = interface("left"),
                                                      .peer = interface("right"),
                                                      .alias = alias,
                                                      .peer_alias = peer_alias});
        EXPECT_EQ(number_of(made), ERANGE);
        EXPECT_FALSE(this->find("left"));
        EXPECT_FALSE(this->find("right"));
    }
}

TYPED_TEST_P(PairsContract, MovesAnEndToANamespaceUnderANewNameAndUp) {
    const NetworkNamespace space = this->world_.make_namespace();
    this->add("can0", "vcan");  // ours; the one over there is to have the same name
    const netlink::Link left = this->create("left", "right");
    ASSERT_TRUE(this->links().set_up(left.ifindex));
    EXPECT_FALSE(netlink::usable(this->now(left.ifindex)));
    const auto moved = this->links().move(left.peer->ifindex, space, interface("can0"));
    ASSERT_TRUE(moved) << moved.error().what;
    EXPECT_FALSE(this->find("right"));
    EXPECT_TRUE(this->becomes_usable(left.ifindex));
    const auto view = this->links().look_at(space).value();
    ASSERT_TRUE(view.id.has_value());
    ASSERT_TRUE(this->now(left.ifindex).peer.has_value());
    EXPECT_EQ(this->now(left.ifindex).peer->namespace_id, view.id);
    this->world_.set_up_elsewhere(space, "can0", false);
    EXPECT_TRUE(this->becomes_usable(left.ifindex, false));
    this->world_.set_up_elsewhere(space, "can0", true);
    EXPECT_TRUE(this->becomes_usable(left.ifindex));
}

TYPED_TEST_P(PairsContract, DoesNotMoveToWhereTheNameIsTaken) {
    const NetworkNamespace space = this->world_.make_namespace();
    this->world_.add_elsewhere(space, "can0");
    const netlink::Link left = this->create("left", "right");
    EXPECT_EQ(number_of(this->links().move(left.peer->ifindex, space, interface("can0"))), EEXIST);
    ASSERT_TRUE(this->find("right").has_value()) << "it was moved all the same";
    EXPECT_EQ(this->now(left.ifindex).peer->namespace_id, std::nullopt);
    EXPECT_TRUE(this->links().move(left.peer->ifindex, space, interface("can1")));
}

TYPED_TEST_P(PairsContract, MovesAnEndBackInWhenANamespaceReturns) {
    const netlink::Link first = this->create("left", "right");
    const NetworkNamespace space = this->world_.make_namespace();
    ASSERT_TRUE(this->links().move(first.peer->ifindex, space, interface("can0")));
    this->world_.remove_namespace(space);
    EXPECT_TRUE(this->comes([&] { return !this->find("left"); })) << "the pair outlived its namespace";
    EXPECT_FALSE(this->links().look_at(space).value().exists);
    const netlink::Link second = this->create("left", "right");
    EXPECT_NE(second.ifindex, first.ifindex);
    EXPECT_EQ(number_of(this->links().move(second.peer->ifindex, space, interface("can0"))), ENOENT);
}

TYPED_TEST_P(PairsContract, LooksAtAPeerWhereverItIs) {
    const NetworkNamespace space = this->world_.make_namespace();
    const netlink::Link left = this->create("left", "right");
    EXPECT_EQ(this->links().find_peer(*left.peer).value()->name, "right");
    ASSERT_TRUE(this->links().move(left.peer->ifindex, space, interface("can0")));
    const auto there = this->links().find_peer(*this->now(left.ifindex).peer).value();
    ASSERT_TRUE(there.has_value());
    EXPECT_EQ(there->name, "can0");
    EXPECT_EQ(there->alias, "mqttcan:peer");
    EXPECT_EQ(there->group, netlink::kOwnedGroup);
    EXPECT_TRUE(there->up);
    auto nobody = *this->now(left.ifindex).peer;
    nobody.ifindex = 12345;
    EXPECT_EQ(this->links().find_peer(nobody).value(), std::nullopt);
}

TYPED_TEST_P(PairsContract, MakesRoomWhereAnEarlierPeerWasLeftBehind) {
    const NetworkNamespace space = this->world_.make_namespace();
    const NetworkNamespace away = this->world_.make_namespace();
    const netlink::Link first = this->create("left", "right");
    ASSERT_TRUE(this->links().move(first.peer->ifindex, space, interface("can0")));
    ASSERT_TRUE(this->links().move(first.ifindex, away, interface("stolen")));
    const netlink::Link second = this->create("left", "right");
    ASSERT_TRUE(this->links().set_up(second.ifindex));
    const auto moved = this->links().move(second.peer->ifindex, space, interface("can0"));
    ASSERT_TRUE(moved) << moved.error().what;
    EXPECT_TRUE(this->becomes_usable(second.ifindex));
}

TYPED_TEST_P(PairsContract, MakesNoRoomWhereAPairLivesWhole) {
    const NetworkNamespace space = this->world_.make_namespace();
    const netlink::Link first = this->create("left", "right");
    ASSERT_TRUE(this->links().move(first.peer->ifindex, space, interface("can0")));
    ASSERT_TRUE(this->links().move(first.ifindex, space, interface("left")));
    const netlink::Link second = this->create("left", "right");
    EXPECT_EQ(number_of(this->links().move(second.peer->ifindex, space, interface("can0"))), EEXIST);
}

TYPED_TEST_P(PairsContract, SaysWhenThereIsNothingToMove) {
    const NetworkNamespace space = this->world_.make_namespace();
    EXPECT_EQ(number_of(this->links().move(12345, space, interface("can0"))), ENODEV);
}

TYPED_TEST_P(PairsContract, LooksAtNamespacesThatAreNotThere) {
    for (const NetworkNamespace& space :
         {NetworkNamespace{.path = "/run/netns/nobody"}, NetworkNamespace{.path = "/nowhere/at/all"},
          NetworkNamespace{.path = "/dev/null/no-folder"}}) {
        const auto view = this->links().look_at(space);
        ASSERT_TRUE(view) << view.error().what;
        EXPECT_EQ(*view, netlink::NamespaceView{});
    }
}

TYPED_TEST_P(PairsContract, LooksAtANamespaceThatIsThere) {
    const auto view = this->links().look_at(this->world_.make_namespace()).value();
    EXPECT_TRUE(view.exists);
    EXPECT_FALSE(view.ours);
}

TYPED_TEST_P(PairsContract, HasControllerDutiesOnlyForControllers) {
    const int vcan = this->add("vcan0", "vcan");
    for (const auto& [ifindex, expected] : {std::pair(vcan, EOPNOTSUPP), std::pair(12345, ENODEV)}) {
        EXPECT_EQ(number_of(this->links().statistics(ifindex)), expected);
        EXPECT_EQ(number_of(this->links().restart(ifindex)), expected);
        EXPECT_EQ(number_of(this->links().configure(ifindex, {.bitrate = 500000})), expected);
        EXPECT_EQ(number_of(this->links().configure(ifindex, {.tx_queue_length = 100})), expected);
        EXPECT_EQ(number_of(this->links().configure(ifindex, {})), expected);
    }
}

TYPED_TEST_P(PairsContract, AttachesNoDeviceThatIsNotThere) {
    EXPECT_EQ(number_of(this->links().attach_slcan(
                  {.device = "/dev/mqttcan-nobody", .name = interface("slcan0"), .alias = "mqttcan:test"})),
              ENOENT);
}

REGISTER_TYPED_TEST_SUITE_P(PairsContract, CreatesBothEndsDownAndMarkedAsOurs, IsUsableOnceBothEndsAreUp,
                            TakesOverNeitherName, LeavesNothingBehindWhenAnAliasIsRefused,
                            MovesAnEndToANamespaceUnderANewNameAndUp, DoesNotMoveToWhereTheNameIsTaken,
                            MovesAnEndBackInWhenANamespaceReturns, LooksAtAPeerWhereverItIs,
                            MakesRoomWhereAnEarlierPeerWasLeftBehind, MakesNoRoomWhereAPairLivesWhole,
                            SaysWhenThereIsNothingToMove, LooksAtNamespacesThatAreNotThere,
                            LooksAtANamespaceThatIsThere, HasControllerDutiesOnlyForControllers,
                            AttachesNoDeviceThatIsNotThere);

}  // namespace mqttcan::testing
