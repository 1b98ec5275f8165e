// SPDX-License-Identifier: MIT
#include "daemon/bridge/batcher.hpp"

#include <gtest/gtest.h>

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};

TEST(Batcher, SendsTheFirstFrameAtOnce) {
    const Batcher batcher(0s);
    EXPECT_LE(batcher.due({.oldest = kStart}), kStart);
}

TEST(Batcher, GathersForAMomentAfterAMessage) {
    Batcher batcher(0s);
    batcher.published(kStart, kStart + 10us);
    EXPECT_EQ(batcher.due({.oldest = kStart + 100us}), kStart + Batcher::kLeastGap);
}

TEST(Batcher, NeverDelaysTheFirstFrameAfterAPause) {
    Batcher batcher(0s);
    batcher.published(kStart, kStart + 10us);
    const TimePoint later = kStart + Batcher::kMostGap;
    EXPECT_LE(batcher.due({.oldest = later}), later);
}

TEST(Batcher, GathersLongerWhereAMessageCostsMore) {
    Batcher batcher(0s);
    TimePoint now = kStart;
    for (int i = 0; i < 100; ++i) {
        now += 10ms;
        batcher.published(now, now + 300us);
    }
    EXPECT_NEAR(static_cast<double>(batcher.gap().count()), 3e6, 1e5);
    for (int i = 0; i < 100; ++i) {
        now += 10ms;
        batcher.published(now, now + 1s);
    }
    EXPECT_EQ(batcher.gap(), Batcher::kMostGap);
    for (int i = 0; i < 200; ++i) {
        now += 10ms;
        batcher.published(now, now + 20us);
    }
    EXPECT_EQ(batcher.gap(), Batcher::kLeastGap) << "and it gets quick again";
}

TEST(Batcher, SendsAFullMessageAtOnce) {
    Batcher batcher(1s);
    batcher.published(kStart, kStart + 10us);
    EXPECT_LE(batcher.due({.oldest = kStart, .full = true}), kStart + 1us);
}

TEST(Batcher, LetsFramesLingerThatMay) {
    Batcher batcher(100ms);
    EXPECT_EQ(batcher.due({.oldest = kStart}), kStart + 100ms);
}

TEST(Batcher, LetsNoUrgentFrameLinger) {
    const Batcher batcher(100ms);
    EXPECT_LE(batcher.due({.oldest = kStart, .urgent = true}), kStart);
}

}  // namespace
}  // namespace mqttcan::bridge
