// SPDX-License-Identifier: MIT
#include "daemon/bridge/sampler.hpp"

#include <gtest/gtest.h>

#include "tests/support/id_patterns.hpp"

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;
using namespace mqttcan::testing;

constexpr TimePoint kStart{1000s};

can::Frame with(std::uint32_t id, unsigned char value, bool extended = false) {
    can::Frame made = frame(id, extended);
    made.length = 1;
    made.data[0] = std::byte{value};
    return made;
}

config::Sample every(Duration interval, IdPattern ids) {
    return {.ids = {ids}, .interval = interval};
}

config::Sample changes(IdPattern ids, Duration interval = {}) {
    return {.ids = {ids}, .interval = interval, .on_change = true};
}

TEST(Sampler, TakesAtMostOneFrameOfAnIdPerInterval) {
    Sampler sampler({every(100ms, range(0x100, 0x1ff))});
    EXPECT_TRUE(sampler.take(with(0x100, 1), kStart));
    EXPECT_FALSE(sampler.take(with(0x100, 2), kStart + 99ms));
    EXPECT_TRUE(sampler.take(with(0x100, 3), kStart + 100ms));
    EXPECT_FALSE(sampler.take(with(0x100, 4), kStart + 199ms));
}

TEST(Sampler, CountsTheIntervalOfEachIdAndKindByItself) {
    Sampler sampler({every(100ms, range(0, kMaxStandardId)), every(100ms, range(0, kMaxExtendedId, true))});
    EXPECT_TRUE(sampler.take(with(0x100, 1), kStart));
    EXPECT_TRUE(sampler.take(with(0x101, 1), kStart));
    EXPECT_TRUE(sampler.take(with(0x100, 1, true), kStart));
    can::Frame request = frame(0x100);
    request.remote = true;
    EXPECT_TRUE(sampler.take(request, kStart)) << "a remote frame is not its answer";
    EXPECT_FALSE(sampler.take(with(0x101, 2), kStart));
    EXPECT_FALSE(sampler.take(request, kStart));
}

TEST(Sampler, CountsTheIntervalFromTheFrameLastTakenNotTheLastSeen) {
    Sampler sampler({every(100ms, one(0x100))});
    int taken = 0;
    for (Duration at = 0ms; at < 1s; at += 10ms) {
        taken += sampler.take(with(0x100, 1), kStart + at) ? 1 : 0;
    }
    EXPECT_EQ(taken, 10);
}

TEST(Sampler, TakesOnlyWhatDiffersFromTheFrameLastTaken) {
    Sampler sampler({changes(one(0x100))});
    EXPECT_TRUE(sampler.take(with(0x100, 1), kStart));
    EXPECT_FALSE(sampler.take(with(0x100, 1), kStart + 1h));
    EXPECT_TRUE(sampler.take(with(0x100, 2), kStart + 1h));
    EXPECT_TRUE(sampler.take(with(0x100, 1), kStart + 1h));
    can::Frame longer = with(0x100, 1);
    longer.length = 2;
    EXPECT_TRUE(sampler.take(longer, kStart + 1h)) << "a length is content too";
}

TEST(Sampler, MakesGoodAChangeThatCameTooEarlyWithTheNextFrameAfterTheInterval) {
    Sampler sampler({changes(one(0x100), 100ms)});
    EXPECT_TRUE(sampler.take(with(0x100, 1), kStart));
    EXPECT_FALSE(sampler.take(with(0x100, 2), kStart + 50ms)) << "too early";
    EXPECT_TRUE(sampler.take(with(0x100, 2), kStart + 100ms)) << "differs from what was taken";
    EXPECT_FALSE(sampler.take(with(0x100, 2), kStart + 300ms)) << "no change";
}

TEST(Sampler, HeedsTheFirstRuleThatMatchesAnId) {
    Sampler sampler({every(10ms, one(0x100)), every(100ms, range(0x100, 0x1ff))});
    EXPECT_TRUE(sampler.take(with(0x100, 1), kStart));
    EXPECT_TRUE(sampler.take(with(0x101, 1), kStart));
    EXPECT_TRUE(sampler.take(with(0x100, 1), kStart + 10ms));
    EXPECT_FALSE(sampler.take(with(0x101, 1), kStart + 10ms));
}

TEST(Sampler, PassesFramesThatNoRuleMatches) {
    Sampler sampler({every(100ms, one(0x100)), changes(one(0x100, true))});
    Sampler none({});
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(sampler.take(with(0x101, 1), kStart));
        EXPECT_TRUE(sampler.take(with(0x101, 1, true), kStart));
        EXPECT_TRUE(none.take(with(0x100, 1), kStart));
    }
}

TEST(Sampler, PassesErrorFrames) {
    Sampler sampler({every(100ms, range(0, kMaxStandardId))});
    can::Frame error = with(0x40, 1);
    error.error = true;
    EXPECT_TRUE(sampler.take(error, kStart));
    EXPECT_TRUE(sampler.take(error, kStart));
}

TEST(Sampler, DoesNotMindAFrameThatSeemsToComeBeforeTheLast) {
    Sampler sampler({changes(one(0x100)), every(100ms, one(0x200))});
    EXPECT_TRUE(sampler.take(with(0x100, 1), kStart));
    EXPECT_TRUE(sampler.take(with(0x100, 2), kStart - 1ms));
    EXPECT_TRUE(sampler.take(with(0x200, 1), kStart));
    EXPECT_FALSE(sampler.take(with(0x200, 1), kStart - 1ms));
}

TEST(Sampler, RemembersNoMoreExtendedIdsThanItsLimitAndPassesTheRest) {
    Sampler sampler({every(1h, range(0, kMaxExtendedId, true)), every(1h, range(0, kMaxStandardId))});
    for (std::uint32_t id = 0; id < Sampler::kExtendedIds; ++id) {
        ASSERT_TRUE(sampler.take(with(id, 1, true), kStart));
    }
    EXPECT_TRUE(sampler.take(with(kMaxExtendedId, 1, true), kStart));
    EXPECT_TRUE(sampler.take(with(kMaxExtendedId, 1, true), kStart)) << "passes: not remembered";
    EXPECT_FALSE(sampler.take(with(0, 2, true), kStart)) << "is remembered";
    EXPECT_TRUE(sampler.take(with(0x100, 1), kStart));
    EXPECT_FALSE(sampler.take(with(0x100, 1), kStart)) << "standard IDs have room always";
}

}  // namespace
}  // namespace mqttcan::bridge
