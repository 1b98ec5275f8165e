// SPDX-License-Identifier: MIT
#include "daemon/mqtt/reconnect.hpp"

#include <gtest/gtest.h>

namespace mqttcan::mqtt {
namespace {

using namespace std::chrono_literals;

TEST(ReconnectDelay, ComesFirstWithinHalfASecond) {
    EXPECT_EQ(reconnect_delay(0s, true, 0.0, 5s), 0ms);
    EXPECT_LT(reconnect_delay(0s, true, 0.999, 5s), 500ms);
}

TEST(ReconnectDelay, LeavesTimeToConnectToABrokerThatWasAwayForTwoSecondsWithinOne) {
    EXPECT_LT(reconnect_delay(2s, false, 0.999, 5s), 150ms);
    EXPECT_LT(reconnect_delay(2900ms, false, 0.999, 5s), 200ms);
}

TEST(ReconnectDelay, GrowsWithTheOutageUpToItsLimit) {
    EXPECT_EQ(reconnect_delay(16s, false, 0.0, 5s), 500ms);
    EXPECT_LE(reconnect_delay(24h, false, 0.999, 5s), 5s);
    EXPECT_GE(reconnect_delay(24h, false, 0.0, 5s), 2500ms);
}

TEST(ReconnectDelay, IsSpreadSoThatManyDaemonsDoNotComeBackAtOnce) {
    EXPECT_NE(reconnect_delay(9s, false, 0.1, 5s), reconnect_delay(9s, false, 0.9, 5s));
}

TEST(ReconnectDelay, NeverExceedsASmallLimit) {
    EXPECT_LE(reconnect_delay(1h, false, 0.999, 100ms), 100ms);
    EXPECT_LE(reconnect_delay(0s, true, 0.999, 100ms), 100ms);
}

}  // namespace
}  // namespace mqttcan::mqtt
