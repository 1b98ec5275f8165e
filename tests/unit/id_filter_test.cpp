// SPDX-License-Identifier: MIT
#include "daemon/can/id_filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/random_id_filters.hpp"

namespace mqttcan::can {
namespace {

using namespace mqttcan::testing;
using ::testing::ElementsAre;

TEST(MergedRanges, AreSortedAndJoinedWhereTheyTouchOrOverlap) {
    const std::vector<IdPattern> patterns = {range(0x300, 0x3ff), one(0x101),          range(0x200, 0x280),
                                             one(0x100),          range(0x220, 0x2ff), one(0x105)};
    EXPECT_THAT(merged_ranges(patterns, false),
                ElementsAre(IdRange{0x100, 0x101}, IdRange{0x105, 0x105}, IdRange{0x200, 0x3ff}));
}

TEST(MergedRanges, HaveNothingOfTheOtherKindNorOfMasks) {
    EXPECT_TRUE(merged_ranges({one(0x100), masked(0x100, 0x700, true)}, true).empty());
}

TEST(MergedRanges, JoinAtTheHighestIdToo) {
    EXPECT_THAT(merged_ranges({one(kMaxExtendedId, true), range(0, kMaxExtendedId, true)}, true),
                ElementsAre(IdRange{0, kMaxExtendedId}));
}

TEST(FrameFilter, LetsEverythingThroughIfItIsEmpty) {
    const FrameFilter filter(IdFilter{});
    EXPECT_TRUE(filter.passes(frame(0)));
    EXPECT_TRUE(filter.passes(frame(kMaxStandardId)));
    EXPECT_TRUE(filter.passes(frame(kMaxExtendedId, true)));
}

TEST(FrameFilter, KeepsStandardAndExtendedFramesOfOneNumberApart) {
    const FrameFilter filter(IdFilter{.allow = {one(0x100)}});
    EXPECT_TRUE(filter.passes(frame(0x100)));
    EXPECT_FALSE(filter.passes(frame(0x100, true)));
    EXPECT_FALSE(filter.passes(frame(0x101)));
}

TEST(FrameFilter, DeniesEvenWhatItAllows) {
    const FrameFilter filter(IdFilter{.allow = {range(0x100, 0x1ff)}, .deny = {masked(1, 1)}});
    EXPECT_TRUE(filter.passes(frame(0x102)));
    EXPECT_FALSE(filter.passes(frame(0x103)));
    EXPECT_FALSE(filter.passes(frame(0x202)));
}

TEST(FrameFilter, TreatsRemoteFramesLikeDataFrames) {
    const FrameFilter filter(IdFilter{.allow = {one(0x100)}});
    Frame remote = frame(0x100);
    remote.remote = true;
    EXPECT_TRUE(filter.passes(remote));
    remote.id = 0x101;
    EXPECT_FALSE(filter.passes(remote));
}

TEST(FrameFilter, AlwaysLetsErrorFramesThrough) {
    const FrameFilter filter(IdFilter{.deny = {range(0, kMaxStandardId), range(0, kMaxExtendedId, true)}});
    Frame error = frame(0x40);
    EXPECT_FALSE(filter.passes(error));
    error.error = true;
    EXPECT_TRUE(filter.passes(error));
}

TEST(FrameFilter, DoesWhatTheFilterSaysForAnyFilter) {
    RandomFilters filters;
    for (int round = 0; round < 300; ++round) {
        const IdFilter said = filters.next();
        const FrameFilter filter(said);
        for (std::uint32_t id = 0; id <= kMaxStandardId; ++id) {
            ASSERT_EQ(filter.passes(frame(id)), lets_through(said, id, false)) << round << ", " << id;
        }
        for (const std::uint32_t id : critical_extended_ids(said)) {
            ASSERT_EQ(filter.passes(frame(id, true)), lets_through(said, id, true)) << round << ", " << id;
        }
    }
}

}  // namespace
}  // namespace mqttcan::can
