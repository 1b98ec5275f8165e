// SPDX-License-Identifier: MIT
#include "daemon/can/kernel_filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/can.h>

#include <algorithm>

#include "tests/support/random_id_filters.hpp"

namespace mqttcan::can {
namespace {

using namespace mqttcan::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr std::uint32_t kEff = CAN_EFF_FLAG;

/// As the kernel matches (find_rcv_list() and can_rcv_filter() in net/can/af_can.c), said anew.
bool agrees(const KernelFilter& filter, std::uint32_t can_id) {
    std::uint32_t mask = filter.mask;
    if ((mask & CAN_EFF_FLAG) != 0 && (filter.id & CAN_EFF_FLAG) == 0) {
        mask &= CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG;
    }
    const bool equal = (can_id & mask) == (filter.id & mask & ~CAN_INV_FILTER);
    return equal != ((filter.id & CAN_INV_FILTER) != 0);
}

bool passes(const KernelFilters& filters, std::uint32_t can_id) {
    return filters.everything || std::ranges::any_of(filters.list, [&](const KernelFilter& filter) {
               return agrees(filter, can_id);
           });
}

TEST(KernelFilters, AreNoneForAFilterThatPassesAll) {
    EXPECT_EQ(compile({}), KernelFilters{});
    EXPECT_TRUE(compile({}).everything);
}

TEST(KernelFilters, SayTheKindOfAnIdSoThatAStandardPatternNeverMatchesAnExtendedFrame) {
    EXPECT_THAT(compile({.allow = {one(0x123)}}).list, ElementsAre(KernelFilter{0x123, 0x7ff | kEff}));
    EXPECT_THAT(compile({.allow = {one(0x123, true)}}).list,
                ElementsAre(KernelFilter{0x123 | kEff, 0x1fffffff | kEff}));
}

TEST(KernelFilters, PassRemoteFramesAsDataFramesOfTheirId) {
    const KernelFilters filters = compile({.allow = {one(0x123)}});
    EXPECT_TRUE(passes(filters, 0x123 | CAN_RTR_FLAG));
    EXPECT_FALSE(passes(filters, 0x124 | CAN_RTR_FLAG));
}

TEST(KernelFilters, MakeUpARangeOfTheFewestPrefixes) {
    EXPECT_THAT(compile({.allow = {range(0x100, 0x1ff)}}).list,
                ElementsAre(KernelFilter{0x100, 0x700 | kEff}));
    EXPECT_THAT(compile({.allow = {range(0x0ff, 0x200)}}).list,
                ElementsAre(KernelFilter{0x0ff, 0x7ff | kEff}, KernelFilter{0x100, 0x700 | kEff},
                            KernelFilter{0x200, 0x7ff | kEff}));
    EXPECT_THAT(compile({.allow = {range(0, 0x7ff), range(0, 0x1fffffff, true)}}).list,
                ElementsAre(KernelFilter{0, kEff}, KernelFilter{kEff, kEff}));
    EXPECT_THAT(compile({.allow = {range(1, 0x1ffffffe, true)}}).list, SizeIs(2 * 28))
        << "the worst of ranges";
}

TEST(KernelFilters, JoinIdsThatAreListedOneByOne) {
    IdFilter filter;
    for (std::uint32_t id = 0x200; id < 0x600; ++id) {
        filter.allow.push_back(one(id));
    }
    EXPECT_THAT(compile(filter).list, SizeIs(2))
        << "though a thousand patterns are more than the kernel takes";
}

TEST(KernelFilters, InvertASingleDeniedPattern) {
    EXPECT_THAT(compile({.deny = {masked(0x100, 0x700)}}).list,
                ElementsAre(KernelFilter{0x100 | CAN_INV_FILTER, 0x700 | kEff}));
    EXPECT_TRUE(passes(compile({.deny = {one(0x100)}}), 0x100 | kEff));
    EXPECT_FALSE(passes(compile({.deny = {one(0x100)}}), 0x100));
}

TEST(KernelFilters, CutWhatIsDeniedOutOfWhatIsAllowed) {
    const KernelFilters filters = compile({.allow = {range(0x100, 0x103)}, .deny = {one(0x102)}});
    EXPECT_TRUE(filters.exact);
    EXPECT_THAT(filters.list,
                UnorderedElementsAre(KernelFilter{0x100, 0x7fe | kEff}, KernelFilter{0x103, 0x7ff | kEff}));
}

TEST(KernelFilters, PassNothingIfNothingIsLeft) {
    const KernelFilters filters = compile({.allow = {one(0x100)}, .deny = {range(0, 0x7ff)}});
    EXPECT_FALSE(filters.everything);
    EXPECT_THAT(filters.list, IsEmpty());
    EXPECT_TRUE(filters.exact);
}

TEST(KernelFilters, LeaveWhatIsDeniedToThisProcessIfItTakesTooMany) {
    IdFilter filter{.allow = {range(0, 0x1fffffff, true)}};
    for (std::uint32_t i = 1; i < 100; ++i) {
        filter.deny.push_back(one(i * 0x10305, true));
    }
    const KernelFilters filters = compile(filter);
    EXPECT_FALSE(filters.exact);
    EXPECT_THAT(filters.list, ElementsAre(KernelFilter{kEff, kEff}));
    filter.allow.clear();
    EXPECT_EQ(compile(filter), (KernelFilters{.exact = false})) << "all";
}

TEST(KernelFilters, LeaveEverythingToThisProcessIfTooMuchIsAllowed) {
    IdFilter filter;
    for (std::uint32_t i = 0; i <= KernelFilters::kMost; ++i) {
        filter.allow.push_back(one(2 * i, true));
    }
    EXPECT_EQ(compile(filter), (KernelFilters{.exact = false}));
    filter.allow.pop_back();
    EXPECT_THAT(compile(filter).list, SizeIs(KernelFilters::kMost));
    EXPECT_TRUE(compile(filter).exact);
}

void check(const IdFilter& said, const KernelFilters& filters, std::uint32_t id, bool extended) {
    const std::uint32_t can_id = id | (extended ? kEff : 0);
    const bool wanted = lets_through(said, id, extended);
    for (const std::uint32_t kind : {std::uint32_t{0}, std::uint32_t{CAN_RTR_FLAG}}) {
        const bool passed = passes(filters, can_id | kind);
        ASSERT_TRUE(filters.exact ? passed == wanted : passed >= wanted) << std::hex << (can_id | kind);
    }
}

TEST(KernelFilters, NeverPassLessThanTheFilterAndJustThatIfTheyAreExact) {
    RandomFilters random;
    int exact = 0;
    for (int round = 0; round < 600; ++round) {
        SCOPED_TRACE(round);
        const IdFilter said = random.next(round % 10 == 0 ? 100 : 5);
        const KernelFilters filters = compile(said);
        exact += filters.exact ? 1 : 0;
        ASSERT_LE(filters.list.size(), KernelFilters::kMost);
        for (std::uint32_t id = 0; id <= kMaxStandardId; ++id) {
            ASSERT_NO_FATAL_FAILURE(check(said, filters, id, false));
        }
        for (const std::uint32_t id : critical_extended_ids(said)) {
            ASSERT_NO_FATAL_FAILURE(check(said, filters, id, true));
        }
        for (int i = 0; i < 100; ++i) {
            ASSERT_NO_FATAL_FAILURE(check(said, filters, random.below(kMaxExtendedId + 1), true));
        }
    }
    EXPECT_GT(exact, 400);
    EXPECT_LT(exact, 600) << "both kinds are tried";
}

}  // namespace
}  // namespace mqttcan::can
