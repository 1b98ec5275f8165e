// SPDX-License-Identifier: MIT
#include "daemon/bridge/history.hpp"

#include <gtest/gtest.h>

namespace mqttcan::bridge {
namespace {

namespace stream = codec::stream;

constexpr std::uint32_t kEpoch = 7;
constexpr std::uint64_t kMuch = 1 << 20;

can::Frame numbered(std::uint64_t number) {
    can::Frame frame;
    frame.id = static_cast<std::uint32_t>(number % 0x7ff);
    frame.length = 8;
    frame.sequence = number;
    frame.stamp =
        WallTime(std::chrono::microseconds(1'795'348'800'000'000 + static_cast<std::int64_t>(number)));
    return frame;
}

/// Sends the next message; the numbers of its frames: first, and how many.
std::pair<std::uint64_t, std::size_t> send(History& history) {
    std::vector<can::Frame> frames;
    const auto message = history.next();
    const auto header = stream::decode(message, frames);
    EXPECT_TRUE(header) << "there was none";
    if (!header) {
        return {};
    }
    EXPECT_EQ(header->epoch, kEpoch);
    history.sent();
    return {header->sequence, frames.size()};
}

TEST(History, GivesFramesBackWithTheNumbersThatTheyHad) {
    History history(kMuch, kEpoch);
    for (const std::uint64_t number : {10, 11, 12, 20, 21}) {
        EXPECT_EQ(history.add(numbered(number)), 0U);
    }
    EXPECT_EQ(history.frames(), 5U);
    EXPECT_EQ(send(history), (std::pair<std::uint64_t, std::size_t>{10, 3}));
    EXPECT_EQ(send(history), (std::pair<std::uint64_t, std::size_t>{20, 2}));
    EXPECT_TRUE(history.next().empty());
    EXPECT_EQ(history.frames(), 5U) << "until they have arrived";
    EXPECT_EQ(history.arrived(), 3U);
    EXPECT_EQ(history.arrived(), 2U);
    EXPECT_EQ(history.arrived(), 0U);
    EXPECT_EQ(history.frames(), 0U);
    EXPECT_EQ(history.bytes(), 0U);
}

TEST(History, HasFewMessagesOnTheirWayAtOnce) {
    History history(kMuch, kEpoch);
    for (std::uint64_t number = 0; number < 10; ++number) {
        history.add(numbered(2 * number));
    }
    EXPECT_EQ(send(history).first, 0U);
    EXPECT_EQ(send(history).first, 2U);
    EXPECT_TRUE(history.next().empty());
    EXPECT_EQ(history.arrived(), 1U);
    EXPECT_EQ(send(history).first, 4U);
    EXPECT_TRUE(history.next().empty());
}

TEST(History, SendsAgainWhatWasLostWithAConnection) {
    History history(kMuch, kEpoch);
    history.add(numbered(0));
    history.add(numbered(5));
    send(history);
    send(history);
    EXPECT_EQ(history.arrived(), 1U);
    history.lost();
    EXPECT_EQ(send(history).first, 5U);
    EXPECT_EQ(history.arrived(), 1U);
}

TEST(History, TakesInWhatALostConnectionHadInItsHands) {
    stream::Encoder encoder(kEpoch);
    const auto message_of = [&](std::uint64_t number) {
        encoder.clear();
        encoder.add(numbered(number), number);
        return encoder.message();
    };
    History history(kMuch, kEpoch);
    history.add(numbered(1));
    history.hold(message_of(10), 1, 5);
    history.hold(message_of(11), 1, 6);
    history.hold(message_of(12), 0, 6);
    history.covered(5);
    EXPECT_EQ(history.frames(), 1U) << "they are not history yet";
    EXPECT_EQ(history.lost(), 1U) << "the first has arrived, the third has none that counts";
    history.add(numbered(20));
    for (const std::uint64_t number : {1, 11, 12, 20}) {
        EXPECT_EQ(send(history), (std::pair<std::uint64_t, std::size_t>{number, 1}));
        EXPECT_EQ(history.arrived(), number == 12 ? 0U : 1U);
    }
    EXPECT_EQ(history.lost(), 0U);
}

TEST(History, DropsTheOldestAndTellsHowMany) {
    constexpr std::uint64_t kLimit = 64 * 1024;
    History history(kLimit, kEpoch);
    std::uint64_t added = 0;
    std::uint64_t dropped = 0;
    while (dropped == 0) {
        dropped = history.add(numbered(added++));
        EXPECT_LE(history.bytes(), kLimit);
    }
    EXPECT_GT(added, kLimit / 16) << "a frame takes little";
    EXPECT_EQ(history.frames(), added - dropped);
    EXPECT_EQ(send(history).first, dropped);
    send(history);
    for (; added < 100'000; ++added) {
        dropped += history.add(numbered(added));
    }
    EXPECT_EQ(history.frames(), added - dropped) << "also of what was on its way";
    EXPECT_TRUE(history.next().empty()) << "those are still on their way";
    EXPECT_EQ(history.arrived(), 0U) << "but count as dropped";
    EXPECT_EQ(send(history).first, dropped);
}

TEST(History, TakesNothingThatNoReceiverTakes) {
    History history(kMuch, kEpoch);
    can::Frame frame = numbered(1);
    frame.length = 9;
    EXPECT_EQ(history.add(frame), 1U);
    EXPECT_TRUE(history.next().empty());
}

}  // namespace
}  // namespace mqttcan::bridge
