// SPDX-License-Identifier: MIT
#include "daemon/codec/counters.hpp"

#include <gtest/gtest.h>

#include <set>

namespace mqttcan::codec {
namespace {

TEST(DropReasons, HaveANameEachAndNoTwoTheSame) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kDrops; ++i) {
        names.insert(name(static_cast<Drop>(i)));
    }
    EXPECT_EQ(names.size(), kDrops);
    EXPECT_FALSE(names.contains(""));
}

TEST(DropReasons, AreNamedAsTheirEnumerators) {
    EXPECT_EQ(name(Drop::stale), "stale");
    EXPECT_EQ(name(Drop::stopped), "stopped");
    EXPECT_EQ(name(Drop::filtered), "filtered");
    EXPECT_EQ(name(Drop::sampled), "sampled");
    EXPECT_EQ(name(Drop::stalled), "stalled");
}

TEST(Counters, SumUpWhatWasDropped) {
    Counters counters;
    counters.drop(Drop::filtered);
    counters.drop(Drop::stalled, 586);
    EXPECT_EQ(counters.dropped_total(), 587U);
}

}  // namespace
}  // namespace mqttcan::codec
