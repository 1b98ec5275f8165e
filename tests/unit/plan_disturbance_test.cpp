// SPDX-License-Identifier: MIT
// What others do to a pair, as the planner sees it; and how often we put up with it.
#include <gmock/gmock.h>

#include "daemon/supervisor/patience.hpp"
#include "tests/unit/plan_words.hpp"

namespace mqttcan::supervisor {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::VariantWith;

const NetworkNamespace kElsewhere{.path = "/run/netns/ecu-sim"};
constexpr int kNumber = 3;

DesiredLink pair(std::optional<NetworkNamespace> netns = kElsewhere) {
    DesiredLink wish = named("bench", "bench0", Kind::vxcan);
    wish.peer = config::Peer{.interface = interface("can0"), .netns = std::move(netns)};
    return wish;
}

Link end(int ifindex, std::string name, std::string alias, netlink::PeerPlace peer) {
    Link link = ours(ifindex, std::move(name), std::move(alias));
    link.kind = "vxcan";
    link.operstate = netlink::kOperstateUp;
    link.peer = peer;
    return link;
}

/// Our end is here, the other one elsewhere and called so.
Actual parted(const std::string& called = "can0") {
    Actual now = actual({end(5, "bench0", "mqttcan:bench", {.ifindex = 9, .namespace_id = kNumber})});
    now.namespaces[kElsewhere] = {.exists = true, .id = kNumber};
    now.peers[5] = end(9, called, "mqttcan-peer:bench", {.ifindex = 5, .namespace_id = 0});
    return now;
}

auto is_passing() {
    return VariantWith<Waiting>(Field(&Waiting::passing, true));
}

TEST(AFarEndElsewhere, IsLeftInPeaceIfItIsCalledAsItShould) {
    EXPECT_THAT(plan_default({pair()}, parted()).actions, IsEmpty());
    EXPECT_THAT(of(plan_default({pair()}, parted()), "bench"), is_ready(5));
}

TEST(AFarEndElsewhere, MayBeCalledAnythingWhereItWasAttachedByHand) {
    EXPECT_THAT(plan_default({pair(std::nullopt)}, parted("ecu0")).actions, IsEmpty());
    EXPECT_THAT(of(plan_default({pair(std::nullopt)}, parted("ecu0")), "bench"), is_ready(5));
}

TEST(AFarEndElsewhere, GoesWithItsPairIfItIsCalledOtherwise) {
    const Plan made = plan_default({pair()}, parted("can7"));
    EXPECT_THAT(made.actions,
                ElementsAre(VariantWith<Remove>(Remove{5, "its other end is called can7, not can0"})));
    EXPECT_THAT(of(made, "bench"), is_passing());
}

TEST(AFarEndElsewhere, CountsAsRightWhereWeMayNotLook) {
    Actual now = parted("can7");
    now.peers.clear();
    EXPECT_THAT(of(plan_default({pair()}, now), "bench"), is_ready(5));
}

TEST(AFarEndElsewhere, ThatIsDownIsWorthAWordAndTheKernelsDelayIsNot) {
    Actual now = parted();
    now.links.at(5).operstate = netlink::kOperstateUnknown;
    EXPECT_THAT(of(plan_default({pair()}, now), "bench"), is_passing());
    now.peers.at(5).up = false;
    EXPECT_THAT(of(plan_default({pair()}, now), "bench"),
                AllOf(is_waiting(HasSubstr("ip link set can0 up")), ::testing::Not(is_passing())));
}

TEST(AFarEndHere, IsRemovedOnceItsNearEndWasMovedAway) {
    const Link orphan = end(9, "can0", "mqttcan-peer:bench", {.ifindex = 5, .namespace_id = kNumber});
    EXPECT_THAT(plan_default({pair(std::nullopt)}, actual({orphan})).actions,
                ElementsAre(VariantWith<Remove>(Remove{9, "its other end was moved away"})));
}

TEST(AFarEndHere, OfSomebodyElsesPairStays) {
    // As in a container to which the host gave it, under a bus of the same name.
    const Link given = end(9, "can1", "mqttcan-peer:bench", {.ifindex = 5, .namespace_id = kNumber});
    EXPECT_THAT(plan_default({pair(std::nullopt)}, actual({given})).actions,
                ElementsAre(VariantWith<CreateVxcan>(::testing::_)));
    Link other = end(9, "can0", "mqttcan-peer:other", {.ifindex = 5, .namespace_id = kNumber});
    EXPECT_THAT(of(plan_default({pair(std::nullopt)}, actual({other})), "bench"),
                is_refused(HasSubstr("can0 exists already")));
    other = end(9, "can0", "mqttcan-peer:bench", {.ifindex = 5, .namespace_id = kNumber});
    other.group = 0;
    EXPECT_THAT(of(plan_default({pair(std::nullopt)}, actual({other})), "bench"),
                is_refused(HasSubstr("can0 exists already")));
}

TEST(Patience, LastsForAFewAtOnceAndThenForOneEachPause) {
    Patience patience;
    TimePoint now{1000s};
    for (int i = 0; i < Patience::kAtOnce; ++i) {
        EXPECT_TRUE(patience.spend(now));
    }
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(patience.spend(now));
        EXPECT_EQ(patience.next(), now + Patience::kPause);
        now = patience.next();
        EXPECT_TRUE(patience.spend(now));
    }
    now += Patience::kAtOnce * Patience::kPause;
    for (int i = 0; i < Patience::kAtOnce; ++i) {
        EXPECT_TRUE(patience.spend(now));
    }
    EXPECT_FALSE(patience.spend(now));
}

TEST(Patience, ComplainsOnceUntilThereWasPeace) {
    Patience patience;
    TimePoint now{1000s};
    EXPECT_TRUE(patience.complain(now));
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(patience.complain(now += Patience::kPause));
    }
    EXPECT_TRUE(patience.complain(now + 1h));
}

}  // namespace
}  // namespace mqttcan::supervisor
