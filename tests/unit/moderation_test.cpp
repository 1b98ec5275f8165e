// SPDX-License-Identifier: MIT
#include "daemon/loop/moderation.hpp"

#include <gtest/gtest.h>

namespace mqttcan::loop {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};
constexpr int kShare = 10;

TEST(Moderation, LooksAfterTheFirstEventAtOnce) {
    EXPECT_LE(Moderation(kShare).due(), kStart);
}

TEST(Moderation, LetsOthersGatherForAMoment) {
    Moderation moderation(kShare);
    moderation.served(kStart, kStart + 10us);
    EXPECT_EQ(moderation.due(), kStart + Moderation::kLeastGap);
}

TEST(Moderation, NeverDelaysTheFirstEventAfterAPause) {
    Moderation moderation(kShare);
    moderation.served(kStart, kStart + 1s);
    EXPECT_LE(moderation.due(), kStart + Moderation::kMostGap);
}

TEST(Moderation, LetsThemGatherForLongerWhereItCostsMore) {
    Moderation moderation(kShare);
    TimePoint now = kStart;
    for (int i = 0; i < 100; ++i) {
        now += 10ms;
        moderation.served(now, now + 300us);
    }
    EXPECT_NEAR(static_cast<double>(moderation.gap().count()), 3e6, 1e5);
    for (int i = 0; i < 100; ++i) {
        now += 10ms;
        moderation.served(now, now + 1s);
    }
    EXPECT_EQ(moderation.gap(), Moderation::kMostGap);
    for (int i = 0; i < 200; ++i) {
        now += 10ms;
        moderation.served(now, now + 20us);
    }
    EXPECT_EQ(moderation.gap(), Moderation::kLeastGap) << "and it gets quick again";
}

}  // namespace
}  // namespace mqttcan::loop
