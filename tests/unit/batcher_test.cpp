// SPDX-License-Identifier: MIT
#include "daemon/bridge/batcher.hpp"

#include <gtest/gtest.h>

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};

TEST(Batcher, SendsAtOnceUnlessToldOtherwise) {
    const Batcher batcher(0s);
    EXPECT_LE(batcher.due({.oldest = kStart}), kStart);
}

TEST(Batcher, SendsAFullMessageAtOnce) {
    const Batcher batcher(1s);
    EXPECT_LE(batcher.due({.oldest = kStart, .full = true}), kStart);
}

TEST(Batcher, LetsFramesLingerThatMay) {
    const Batcher batcher(100ms);
    EXPECT_EQ(batcher.due({.oldest = kStart}), kStart + 100ms);
}

TEST(Batcher, LetsNoUrgentFrameLinger) {
    const Batcher batcher(100ms);
    EXPECT_LE(batcher.due({.oldest = kStart, .urgent = true}), kStart);
}

}  // namespace
}  // namespace mqttcan::bridge
