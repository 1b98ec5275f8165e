// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "daemon/bridge/frame_queue.hpp"
#include "daemon/bridge/in_flight.hpp"

namespace mqttcan::bridge {
namespace {

can::Frame numbered(std::uint32_t id) {
    can::Frame frame;
    frame.id = id;
    return frame;
}

TEST(FrameQueue, GivesBackWhatItTookInOrder) {
    FrameQueue queue(1000);
    std::uint32_t pushed = 0;
    std::uint32_t popped = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 17; ++i) {
            EXPECT_TRUE(queue.push(numbered(pushed++)));
        }
        for (int i = 0; i < 13; ++i) {
            EXPECT_EQ(queue.front().id, popped++);
            queue.pop();
        }
    }
    EXPECT_EQ(queue.size(), pushed - popped);
}

TEST(FrameQueue, DropsTheOldestWhenItIsFull) {
    FrameQueue queue(3);
    for (std::uint32_t id = 0; id < 3; ++id) {
        EXPECT_TRUE(queue.push(numbered(id)));
    }
    EXPECT_FALSE(queue.push(numbered(3)));
    EXPECT_EQ(queue.size(), 3U);
    EXPECT_EQ(queue.front().id, 1U);
}

TEST(FrameQueue, OffersRunsThatTogetherAreAllOfIt) {
    FrameQueue queue(100);
    for (std::uint32_t id = 0; id < 60; ++id) {
        queue.push(numbered(id));
    }
    queue.pop(50);
    for (std::uint32_t id = 60; id < 140; ++id) {
        queue.push(numbered(id));
    }
    std::uint32_t expected = 50;
    while (!queue.empty()) {
        const auto run = queue.front_run();
        ASSERT_FALSE(run.empty());
        for (const can::Frame& frame : run) {
            EXPECT_EQ(frame.id, expected++);
        }
        queue.pop(run.size());
    }
    EXPECT_EQ(expected, 140U);
}

TEST(FrameQueue, TellsHowManyItForgot) {
    FrameQueue queue(10);
    queue.push(numbered(1));
    queue.push(numbered(2));
    EXPECT_EQ(queue.clear(), 2U);
    EXPECT_TRUE(queue.empty());
}

TEST(InFlight, DoubtsWhatNoAcknowledgedTickCovers) {
    InFlight frames;
    frames.published(1, 1);
    frames.published(1, 1);
    frames.published(2, 1);
    frames.published(3, 1);
    EXPECT_EQ(frames.lost(1), 2U);
    EXPECT_EQ(frames.lost(0), 0U) << "each loss is told once";
}

TEST(InFlight, ForgetsWhatWasProvedLongAgo) {
    InFlight frames;
    for (std::uint64_t tick = 1; tick <= 100; ++tick) {
        frames.published(tick, 1);
    }
    EXPECT_EQ(frames.lost(98), 2U);
}

}  // namespace
}  // namespace mqttcan::bridge
