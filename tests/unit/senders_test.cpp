// SPDX-License-Identifier: MIT
#include "daemon/bridge/senders.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "base/text.hpp"

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};

class SendersTest : public testing::Test {
  protected:
    Senders::Verdict take(std::uint32_t epoch, std::uint64_t sequence, std::size_t frames) {
        return senders_.take("rx", epoch, sequence, frames, now_);
    }
    Senders senders_;
    TimePoint now_ = kStart;
};

TEST_F(SendersTest, BeginWhereverTheFirstMessageIs) {
    const auto verdict = take(7, 1'000'000, 3);
    EXPECT_EQ(verdict.lost, 0U);
    EXPECT_EQ(verdict.late, 0U);
}

TEST_F(SendersTest, LoseTheFramesOfAGap) {
    take(7, 0, 10);
    EXPECT_EQ(take(7, 13, 2).lost, 3U);
    EXPECT_EQ(take(7, 15, 2).lost, 0U);
}

TEST_F(SendersTest, LoseFramesThatOnlyAHeartbeatTellsOf) {
    take(7, 0, 10);
    EXPECT_EQ(take(7, 10, 0).lost, 0U);
    EXPECT_EQ(take(7, 12, 0).lost, 2U);
    EXPECT_EQ(take(7, 12, 0).lost, 0U) << "once";
}

TEST_F(SendersTest, AreNeverBelievedWhatWasThereBefore) {
    take(7, 0, 10);
    EXPECT_EQ(take(7, 0, 10).late, 10U) << "a duplicate";
    EXPECT_EQ(take(7, 8, 4).late, 2U) << "half of it is new";
    const auto verdict = take(7, 12, 1);
    EXPECT_EQ(verdict.late, 0U);
    EXPECT_EQ(verdict.lost, 0U);
}

TEST_F(SendersTest, MayStartAnew) {
    take(7, 500, 10);
    const auto verdict = take(8, 0, 10);
    EXPECT_EQ(verdict.late, 0U);
    EXPECT_EQ(verdict.lost, 0U);
    EXPECT_EQ(take(8, 11, 1).lost, 1U);
}

TEST_F(SendersTest, AreNotBelievedAnEpochThatTheyLeft) {
    take(7, 0, 10);
    take(8, 0, 10);
    EXPECT_EQ(take(7, 10, 5).late, 5U) << "what was still under way when the sender started anew";
    EXPECT_EQ(take(7, 15, 5).late, 5U);
    const auto verdict = take(8, 10, 5);
    EXPECT_EQ(verdict.late, 0U);
    EXPECT_FALSE(verdict.rivals);
}

TEST_F(SendersTest, AreRivalsWhenTwoEpochsAlternate) {
    take(7, 0, 1);
    take(8, 0, 1);
    for (std::uint64_t i = 1; i < Senders::kRivalry; ++i) {
        EXPECT_FALSE(take(7, i, 1).rivals);
        EXPECT_FALSE(take(8, i, 1).rivals);
    }
    EXPECT_TRUE(take(7, 50, 1).rivals);
    EXPECT_TRUE(take(8, 50, 1).rivals) << "neither is believed";
}

TEST_F(SendersTest, AreRivalsNoMoreAfterAWhileOfPeace) {
    take(7, 0, 1);
    take(8, 0, 1);
    for (std::uint64_t i = 1; i <= Senders::kRivalry; ++i) {
        take(7, i, 1);
        take(8, i, 1);
    }
    EXPECT_TRUE(take(8, 100, 1).rivals);
    now_ += Senders::kTruce + 1ms;
    EXPECT_FALSE(take(8, 101, 1).rivals);
}

TEST_F(SendersTest, HaveNumbersOfTheirOwn) {
    take(7, 0, 10);
    EXPECT_EQ(senders_.take("other", 7, 500, 1, now_).lost, 0U);
    EXPECT_EQ(take(7, 10, 1).lost, 0U);
}

TEST_F(SendersTest, AreForgottenBeforeThereAreTooMany) {
    take(7, 0, 10);
    for (std::size_t i = 0; i < Senders::kMost; ++i) {
        now_ += 1ms;
        senders_.take(text("sender ", i), 1, 0, 1, now_);
    }
    EXPECT_EQ(take(7, 500, 1).lost, 0U) << "it begins anew";
    EXPECT_EQ(senders_.take(text("sender ", Senders::kMost - 1), 1, 5, 1, now_).lost, 4U);
}

TEST_F(SendersTest, CannotBeLedAstrayByTheLargestNumbers) {
    take(7, 0, 1);
    constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(take(7, kLargest, 2).late, 2U);
    EXPECT_EQ(take(7, 1, 1).late, 0U);
}

}  // namespace
}  // namespace mqttcan::bridge
