// SPDX-License-Identifier: MIT
#include "tests/bench/tally.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "tests/bench/numbered_frame.hpp"

namespace mqttcan::bench {
namespace {

Count tallied(std::uint32_t expected, std::initializer_list<std::uint32_t> arrivals) {
    Tally tally(expected);
    for (const std::uint32_t number : arrivals) {
        tally.arrived(number);
    }
    return tally.count();
}

TEST(Tally, CountsAGapAsNeitherDeliveredNorReordered) {
    EXPECT_EQ(tallied(5, {0, 1, 3, 4}), (Count{.delivered = 4}));
}

TEST(Tally, CountsWhatArrivesAfterALaterFrameAsReordered) {
    EXPECT_EQ(tallied(5, {0, 3, 1, 2, 4}), (Count{.delivered = 5, .reordered = 2}));
}

TEST(Tally, CountsASecondArrivalAsADuplicateAndNotAsDelivered) {
    EXPECT_EQ(tallied(3, {0, 1, 0, 1, 2}), (Count{.delivered = 3, .duplicated = 2}));
}

TEST(Tally, CountsANumberThatWasNeverSentAsForeign) {
    EXPECT_EQ(tallied(3, {0, 3, 0xffffffff}), (Count{.delivered = 1, .foreign = 2}));
}

TEST(Tally, SaysWhichArrivalsCountForLatency) {
    Tally tally(2);
    EXPECT_TRUE(tally.arrived(1));
    EXPECT_FALSE(tally.arrived(1));
    EXPECT_TRUE(tally.arrived(0));
    EXPECT_FALSE(tally.arrived(2));
}

TEST(Percentiles, AreOfTheNearestRank) {
    std::vector<std::uint32_t> values(200);
    std::iota(values.rbegin(), values.rend(), 1);
    EXPECT_EQ(Percentiles::of(values), (Percentiles{100, 180, 198, 200}));
}

TEST(Percentiles, OfOneValueAreThatValue) {
    std::vector<std::uint32_t> values{7};
    EXPECT_EQ(Percentiles::of(values), (Percentiles{7, 7, 7, 7}));
}

TEST(NumberedFrame, IsReadAsItWasMade) {
    const Ids ids{0x100, 3};
    for (const std::uint8_t length : {std::uint8_t{8}, std::uint8_t{64}}) {
        const auto frame = make_frame(ids, {0x01020304, 0xf0e0d0c0}, length);
        EXPECT_EQ(frame.can_id, 0x100U + 0x01020304U % 3);
        EXPECT_EQ(read_frame(ids, frame, length), (Stamp{0x01020304, 0xf0e0d0c0}));
    }
}

TEST(NumberedFrame, IsRefusedWhenItIsDamagedOrOfOthers) {
    const Ids ids{0x100, 3};
    auto damaged = make_frame(ids, {1, 2}, 64);
    damaged.data[63] ^= 1;
    EXPECT_EQ(read_frame(ids, damaged, 64), std::nullopt);
    EXPECT_EQ(read_frame(ids, make_frame(ids, {1, 2}, 64), 8), std::nullopt);
    EXPECT_EQ(read_frame(ids, make_frame({0x200, 3}, {1, 2}, 8), 8), std::nullopt);
}

}  // namespace
}  // namespace mqttcan::bench
