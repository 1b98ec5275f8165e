// SPDX-License-Identifier: MIT
#include "daemon/bridge/pulse.hpp"

#include <gtest/gtest.h>

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint(1h);

class APulse : public ::testing::Test {
  protected:
    /// Frames wait for the whole of the stall, in vain; when that is over.
    TimePoint die(TimePoint from) {
        pulse.waiting(from);
        EXPECT_TRUE(pulse.stalled(from + 500ms));
        pulse.give_up(from + 500ms);
        return from + 500ms;
    }
    /// How long nothing is written from `now` on.
    Duration pause(TimePoint now) const {
        Duration length{};
        while (!pulse.alive(now + length)) {
            length += 10ms;
        }
        return length;
    }

    Pulse pulse{500ms};
};

TEST_F(APulse, IsAliveWithoutAnythingToDo) {
    EXPECT_TRUE(pulse.alive(kStart));
    EXPECT_FALSE(pulse.stalled(kStart + 1h));
    EXPECT_FALSE(pulse.deadline());
}

TEST_F(APulse, StallsWhenNothingLeavesForTheWholeTime) {
    pulse.waiting(kStart);
    EXPECT_EQ(pulse.deadline(), kStart + 500ms);
    EXPECT_FALSE(pulse.stalled(kStart + 499ms));
    EXPECT_TRUE(pulse.stalled(kStart + 500ms));
}

TEST_F(APulse, CountsFromTheFirstFrameThatWaits) {
    pulse.waiting(kStart);
    pulse.waiting(kStart + 400ms);
    EXPECT_TRUE(pulse.stalled(kStart + 500ms));
}

TEST_F(APulse, NeverStallsWhileFramesLeaveHoweverMuchWaits) {
    TimePoint now = kStart;
    for (int frame = 0; frame < 1000; ++frame, now += 499ms) {
        pulse.waiting(now);
        EXPECT_FALSE(pulse.stalled(now));
        pulse.moved(now);
    }
}

TEST_F(APulse, DoesNotStallWhenNothingWaitsAnyMore) {
    pulse.waiting(kStart);
    pulse.idle();
    EXPECT_FALSE(pulse.stalled(kStart + 1h));
    pulse.waiting(kStart + 1h);
    EXPECT_FALSE(pulse.stalled(kStart + 1h + 499ms));
}

TEST_F(APulse, WaitsForNothingBecauseSomethingLeft) {
    pulse.moved(kStart);
    EXPECT_FALSE(pulse.deadline());
}

TEST_F(APulse, PausesLongerWithEachAttemptThatFailsButNotForEver) {
    TimePoint now = kStart;
    std::vector<Duration> pauses;
    for (int attempt = 0; attempt < 6; ++attempt) {
        now = die(now);
        EXPECT_FALSE(pulse.deadline()) << "what waited is gone";
        pauses.push_back(pause(now));
        now += pauses.back();
    }
    EXPECT_EQ(pauses, (std::vector<Duration>{500ms, 1s, 2s, 4s, 5s, 5s}));
}

TEST_F(APulse, IsAliveAtOnceWhenAFrameLeavesAndPausesBrieflyTheNextTime) {
    const TimePoint later = die(die(kStart) + 500ms);
    pulse.moved(later);
    EXPECT_TRUE(pulse.alive(later));
    EXPECT_EQ(pause(die(later)), 500ms);
}

TEST_F(APulse, TriesAgainWhenABusThatWasSilentIsHeard) {
    const TimePoint dead = die(kStart);
    EXPECT_FALSE(pulse.alive(dead));
    pulse.heard();
    EXPECT_TRUE(pulse.alive(dead));
}

TEST_F(APulse, KeepsItsPauseOnABusThatWasHeardAllAlong) {
    pulse.waiting(kStart);
    pulse.heard();
    pulse.give_up(kStart + 500ms);
    pulse.heard();
    EXPECT_EQ(pause(kStart + 500ms), 500ms);
}

TEST_F(APulse, HearsOnlyTheFirstOfWhatFollowsASilence) {
    const TimePoint dead = die(kStart);
    pulse.heard();
    pulse.waiting(dead);  // again in vain, and the bus talks on
    pulse.heard();
    pulse.give_up(dead + 500ms);
    pulse.heard();
    EXPECT_EQ(pause(dead + 500ms), 1s);
}

}  // namespace
}  // namespace mqttcan::bridge
