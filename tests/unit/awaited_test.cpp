// SPDX-License-Identifier: MIT
#include "daemon/bridge/awaited.hpp"

#include <gtest/gtest.h>

#include "daemon/bridge/clock_bounds.hpp"

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow{1000s};

TEST(Awaited, KnowsByWhichMessageAFrameWent) {
    Awaited awaited;
    awaited.published({10, 3, kNow, {}});
    awaited.published({20, 1, kNow + 1ms, {}});
    EXPECT_EQ(awaited.confirmed(9), std::nullopt);
    EXPECT_EQ(awaited.confirmed(20)->published, kNow + 1ms) << "in any order";
    EXPECT_EQ(awaited.confirmed(12)->published, kNow);
    EXPECT_EQ(awaited.confirmed(13), std::nullopt) << "a number that no frame had";
    EXPECT_EQ(awaited.confirmed(21), std::nullopt);
}

TEST(Awaited, TakesNoMoreConfirmationsThanThereWereFrames) {
    Awaited awaited;
    awaited.published({10, 2, kNow, {}});
    EXPECT_TRUE(awaited.confirmed(10));
    EXPECT_TRUE(awaited.confirmed(11));
    EXPECT_FALSE(awaited.confirmed(11));
    EXPECT_EQ(awaited.deadline(), std::nullopt);
}

TEST(Awaited, GivesUpWhatIsNotConfirmedInTime) {
    Awaited awaited;
    awaited.published({10, 3, kNow, {}});
    awaited.published({20, 1, kNow + 1s, {}});
    EXPECT_TRUE(awaited.confirmed(11));
    ASSERT_EQ(awaited.deadline(), kNow + Awaited::kPatience);
    EXPECT_EQ(awaited.expire(kNow + Awaited::kPatience - 1ms), 0U);
    EXPECT_EQ(awaited.expire(kNow + Awaited::kPatience), 2U);
    EXPECT_FALSE(awaited.confirmed(10)) << "too late";
    EXPECT_TRUE(awaited.confirmed(20));
}

TEST(Awaited, GivesUpTheOldestOfTooMany) {
    Awaited awaited;
    for (std::uint64_t i = 0; i < Awaited::kMost; ++i) {
        EXPECT_EQ(awaited.published({10 * i, 2, kNow, {}}), 0U);
    }
    EXPECT_TRUE(awaited.confirmed(1));
    EXPECT_EQ(awaited.published({10 * Awaited::kMost, 2, kNow, {}}), 1U) << "its other frame";
}

TEST(Recent, ForgetsWhatWasBestAfterAWhile) {
    Recent<int> largest;
    EXPECT_EQ(largest.best(kNow), std::nullopt);
    largest.add(5, kNow);
    largest.add(3, kNow + 1s);
    EXPECT_EQ(largest.best(kNow + 1s), 5);
    largest.add(4, kNow + Recent<int>::kSpan);
    EXPECT_EQ(largest.best(kNow + Recent<int>::kSpan), 5);
    EXPECT_EQ(largest.best(kNow + 2 * Recent<int>::kSpan), 4);
    EXPECT_EQ(largest.best(kNow + 4 * Recent<int>::kSpan), std::nullopt);
}

TEST(ClockBounds, CloseInOnADifference) {
    const auto here = [](int milliseconds) { return WallTime(1'795'348'800s + milliseconds * 1ms); };
    const auto there = [&](int milliseconds) { return here(milliseconds) + 1h; };
    ClockBounds bounds;
    EXPECT_EQ(bounds.at_least(kNow), std::nullopt);
    bounds.received(there(0), here(30), kNow);
    bounds.received(there(100), here(105), kNow);
    EXPECT_EQ(bounds.at_least(kNow), 1h - 5ms) << "the quickest tells most";
    EXPECT_EQ(bounds.at_most(kNow), std::nullopt);
    bounds.answered(here(200), there(240), kNow);
    bounds.answered(here(300), there(307), kNow);
    EXPECT_EQ(bounds.at_most(kNow), 1h + 7ms);
}

TEST(ClockBounds, SurviveAnyStamp) {
    ClockBounds bounds;
    bounds.received(WallTime::min(), WallTime(1s), kNow);
    bounds.answered(WallTime(1s), WallTime::min(), kNow);
    EXPECT_EQ(bounds.at_least(kNow), std::nullopt);
    EXPECT_EQ(bounds.at_most(kNow), std::nullopt);
}

}  // namespace
}  // namespace mqttcan::bridge
