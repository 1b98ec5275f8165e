// SPDX-License-Identifier: MIT
#include "daemon/mqtt/fence.hpp"

#include <gtest/gtest.h>

namespace mqttcan::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};
constexpr Fence::Settings kReturning{.returning = true, .period = 400ms, .dead_after = 2s};
constexpr Fence::Settings kPublishing{.returning = false, .period = 400ms, .dead_after = 2s};

TEST(Fence, TicksAtOnceAndThenEveryPeriod) {
    Fence fence(kReturning, kStart);
    EXPECT_TRUE(fence.due(kStart));
    EXPECT_EQ(fence.tick_sent(kStart), 1U);
    EXPECT_FALSE(fence.due(kStart + 399ms));
    EXPECT_TRUE(fence.due(kStart + 400ms));
    EXPECT_EQ(fence.next_event(), kStart + 400ms);
}

TEST(Fence, TicksEarlyWhenManyBytesWentOut) {
    Fence fence(kReturning, kStart);
    fence.tick_sent(kStart);
    fence.frame_sent(Fence::kBytesPerTick - 1);
    EXPECT_FALSE(fence.due(kStart + 1ms));
    fence.frame_sent(1);
    EXPECT_TRUE(fence.due(kStart + 1ms));
}

TEST(Fence, TicksEarlyWhenManyMessagesWentOut) {
    Fence fence(kReturning, kStart);
    fence.tick_sent(kStart);
    for (std::uint64_t i = 1; i < Fence::kFramesPerTick; ++i) {
        fence.frame_sent(1);
        EXPECT_FALSE(fence.due(kStart + 1ms));
    }
    fence.frame_sent(1);
    EXPECT_TRUE(fence.due(kStart + 1ms));
}

TEST(Fence, ClosesWhenTheWindowIsFullAndOpensWithAnAcknowledgement) {
    Fence fence(kReturning, kStart);
    for (std::uint64_t i = 0; i < Fence::kWindow; ++i) {
        EXPECT_TRUE(fence.open());
        fence.tick_sent(kStart);
    }
    EXPECT_FALSE(fence.open());
    EXPECT_FALSE(fence.due(kStart + 1h));
    fence.acknowledged(1);
    EXPECT_TRUE(fence.open());
}

TEST(Fence, IsDeafWhenAcknowledgedTicksStayAwayForTooLong) {
    Fence fence(kReturning, kStart);
    for (int i = 0; i < 6; ++i) {
        fence.acknowledged(fence.tick_sent(kStart + i * 100ms));
    }
    EXPECT_FALSE(fence.deaf(kStart + 2s)) << "a busy broker may bring them yet";
    EXPECT_TRUE(fence.deaf(kStart + 2001ms));
    fence.returned(1);
    EXPECT_TRUE(fence.deaf(kStart + 2001ms)) << "as old as when nothing came back";
    fence.returned(2);
    EXPECT_FALSE(fence.deaf(kStart + 2001ms));
}

TEST(Fence, IsDeafSoonIfNoTickEverCameBackHoweverOldFramesMayBe) {
    Fence fence({.returning = true, .period = 400ms, .dead_after = 1h}, kStart);
    for (int i = 0; i < 7; ++i) {
        fence.acknowledged(fence.tick_sent(kStart + i * 400ms));
    }
    EXPECT_TRUE(fence.deaf(kStart + 2400ms));
    fence.returned(1);
    EXPECT_FALSE(fence.deaf(kStart + 1h));
    EXPECT_TRUE(fence.deaf(kStart + 1h + 1ms));
}

TEST(Fence, IsNotDeafWhileFewTicksAreAway) {
    Fence fence(kReturning, kStart);
    for (int i = 0; i < 4; ++i) {
        fence.acknowledged(fence.tick_sent(kStart));
    }
    EXPECT_FALSE(fence.deaf(kStart + 1h));
}

TEST(Fence, OfAConnectionThatOnlyPublishesIsNeverDeaf) {
    Fence fence(kPublishing, kStart);
    for (int i = 0; i < 9; ++i) {
        fence.acknowledged(fence.tick_sent(kStart));
    }
    EXPECT_FALSE(fence.deaf(kStart + 1h));
}

TEST(Fence, HasRoomForATrainBesideTicksThatAreUnderWay) {
    // On a slow line there always are some.
    Fence fence(kReturning, kStart);
    for (std::uint64_t i = 0; i < Fence::kWindow; ++i) {
        EXPECT_TRUE(fence.has_room(3));
        fence.tick_sent(kStart);
    }
    EXPECT_TRUE(fence.has_room(3));
    for (std::uint64_t i = 0; i < 3; ++i) {
        fence.tick_sent(kStart + 1s);
    }
    EXPECT_FALSE(fence.has_room(3));
    for (std::uint64_t number = 1; number <= Fence::kWindow + 3; ++number) {
        fence.returned(number);
    }
    EXPECT_EQ(fence.fresh_since(), kStart + 1s) << "each is remembered";
    EXPECT_EQ(fence.last_returned(), Fence::kWindow + 3);
}

TEST(Fence, KnowsNothingOlderThanTheSessionUntilATickReturns) {
    Fence fence(kReturning, kStart);
    EXPECT_EQ(fence.fresh_since(), kStart);
    fence.tick_sent(kStart + 1s);
    EXPECT_EQ(fence.fresh_since(), kStart);
    fence.returned(1);
    EXPECT_EQ(fence.fresh_since(), kStart + 1s);
}

TEST(Fence, IgnoresTicksThatItNeverSentOrThatReturnTwice) {
    Fence fence(kReturning, kStart);
    fence.tick_sent(kStart + 1s);
    fence.tick_sent(kStart + 2s);
    fence.returned(7);
    EXPECT_EQ(fence.fresh_since(), kStart);
    fence.returned(2);
    fence.returned(1);
    EXPECT_EQ(fence.fresh_since(), kStart + 2s);
    fence.acknowledged(9);
    EXPECT_EQ(fence.last_acknowledged(), 0U);
}

TEST(Fence, IsDeadWhenItsOldestUnansweredTickIsTooOld) {
    Fence fence(kReturning, kStart);
    EXPECT_FALSE(fence.dead(kStart + 1h)) << "nothing was asked";
    fence.tick_sent(kStart);
    fence.tick_sent(kStart + 400ms);
    EXPECT_FALSE(fence.dead(kStart + 1999ms));
    EXPECT_TRUE(fence.dead(kStart + 2s));
    fence.acknowledged(1);
    EXPECT_FALSE(fence.dead(kStart + 2s));
    EXPECT_TRUE(fence.dead(kStart + 2400ms));
    fence.returned(2);
    EXPECT_FALSE(fence.dead(kStart + 1h)) << "a returned tick is an answer too";
}

TEST(Fence, OfAConnectionThatOnlyPublishesTicksOnlyWhileFramesAreUnderWay) {
    Fence fence(kPublishing, kStart);
    EXPECT_FALSE(fence.due(kStart + 1h));
    EXPECT_FALSE(fence.next_event().has_value());
    fence.frame_sent(30);
    EXPECT_TRUE(fence.due(kStart + 1h));
    fence.tick_sent(kStart + 1h);
    fence.acknowledged(1);
    EXPECT_FALSE(fence.next_event().has_value());
}

TEST(Fence, NamesTheTickThatProvesAFrame) {
    Fence fence(kReturning, kStart);
    EXPECT_EQ(fence.covering(), 1U);
    fence.tick_sent(kStart);
    EXPECT_EQ(fence.covering(), 2U);
}

}  // namespace
}  // namespace mqttcan::mqtt
