// SPDX-License-Identifier: MIT
#include "daemon/bridge/confirmations.hpp"

#include <gtest/gtest.h>

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow{1000s};

can::Frame frame(std::uint32_t id, std::uint64_t number = 0) {
    can::Frame result;
    result.id = id;
    result.origin = {7, number};
    return result;
}

TEST(Confirmations, TellWhoAskedForWhatWasSent) {
    Confirmations confirmations;
    confirmations.sent(frame(0x10, 1), kNow);
    confirmations.sent(frame(0x11, 2), kNow);
    EXPECT_EQ(confirmations.echoed(frame(0x10), kNow), (can::Origin{7, 1}));
    EXPECT_EQ(confirmations.echoed(frame(0x11), kNow), (can::Origin{7, 2}));
    EXPECT_EQ(confirmations.echoed(frame(0x11), kNow), std::nullopt) << "each once";
}

TEST(Confirmations, TellFramesOfTheSameContentApartByTheirOrder) {
    Confirmations confirmations;
    confirmations.sent(frame(0x10, 1), kNow);
    confirmations.sent(frame(0x10, 2), kNow);
    EXPECT_EQ(confirmations.echoed(frame(0x10), kNow), (can::Origin{7, 1}));
    EXPECT_EQ(confirmations.echoed(frame(0x10), kNow), (can::Origin{7, 2}));
}

TEST(Confirmations, LookAtTheWholeContent) {
    can::Frame asked = frame(0x10, 1);
    asked.fd = true;
    asked.brs = true;
    asked.length = 12;
    Confirmations confirmations;
    confirmations.sent(asked, kNow);
    can::Frame other = asked;
    other.data[11] = std::byte{1};
    EXPECT_EQ(confirmations.echoed(other, kNow), std::nullopt);
    other = asked;
    other.brs = false;
    EXPECT_EQ(confirmations.echoed(other, kNow), std::nullopt);
    EXPECT_EQ(confirmations.echoed(asked, kNow), (can::Origin{7, 1}));
}

TEST(Confirmations, WaitForNothingThatWasSentBeforeWhatCame) {
    Confirmations confirmations;
    confirmations.sent(frame(0x10, 1), kNow);
    confirmations.sent(frame(0x11, 2), kNow);
    confirmations.sent(frame(0x10, 3), kNow);
    EXPECT_EQ(confirmations.echoed(frame(0x11), kNow), (can::Origin{7, 2}));
    EXPECT_EQ(confirmations.echoed(frame(0x10), kNow), (can::Origin{7, 3})) << "the first one was lost";
}

TEST(Confirmations, WaitForNothingThatIsTooOld) {
    Confirmations confirmations;
    confirmations.sent(frame(0x10, 1), kNow);
    const TimePoint later = kNow + Confirmations::kPatience + 1ms;
    confirmations.sent(frame(0x10, 2), later);
    EXPECT_EQ(confirmations.echoed(frame(0x10), later), (can::Origin{7, 2}));
}

TEST(Confirmations, ForgetWhatTheKernelHad) {
    Confirmations confirmations;
    confirmations.sent(frame(0x10, 1), kNow);
    confirmations.forget();
    EXPECT_EQ(confirmations.echoed(frame(0x10), kNow), std::nullopt);
}

TEST(Confirmations, KeepTheNewestOfMoreThanTheyCan) {
    Confirmations confirmations;
    for (std::uint64_t number = 0; number <= Confirmations::kMost; ++number) {
        confirmations.sent(frame(0x10, number), kNow);
    }
    EXPECT_EQ(confirmations.echoed(frame(0x10), kNow), (can::Origin{7, 1}));
}

}  // namespace
}  // namespace mqttcan::bridge
