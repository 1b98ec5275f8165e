// SPDX-License-Identifier: MIT
#include "daemon/mqtt/rate_limit.hpp"

#include <gtest/gtest.h>

namespace mqttcan::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};

/// How many messages of so many bytes go out in that time.
int messages_in(Duration time, RateLimit limit, std::size_t bytes) {
    int count = 0;
    for (TimePoint now = kStart; now < kStart + time; now += 100us) {
        if (limit.allows(now)) {
            limit.spent(bytes, now);
            ++count;
        }
    }
    return count;
}

TEST(RateLimit, IsNoneUnlessSet) {
    RateLimit limit({});
    limit.spent(1'000'000, kStart);
    EXPECT_TRUE(limit.allows(kStart));
}

TEST(RateLimit, AllowsSoManyMessagesASecond) {
    EXPECT_EQ(messages_in(1s, RateLimit({.messages_per_second = 100}), 1), 100);
}

TEST(RateLimit, AllowsSoManyBytesASecond) {
    EXPECT_EQ(messages_in(1s, RateLimit({.bytes_per_second = 10'000}), 1000), 10);
}

TEST(RateLimit, IsTheStricterOfBoth) {
    EXPECT_EQ(messages_in(1s, RateLimit({.messages_per_second = 100, .bytes_per_second = 10'000}), 1000), 10);
    EXPECT_EQ(messages_in(1s, RateLimit({.messages_per_second = 100, .bytes_per_second = 10'000}), 1), 100);
}

TEST(RateLimit, SavesNothingUpInAPause) {
    RateLimit limit({.messages_per_second = 10});
    limit.spent(1, kStart);
    const TimePoint later = kStart + 10s;
    EXPECT_TRUE(limit.allows(later));
    limit.spent(1, later);
    EXPECT_FALSE(limit.allows(later + 99ms));
    EXPECT_EQ(limit.free_at(), later + 100ms);
}

TEST(RateLimit, CountsWhatHadToGoOutAllTheSame) {
    RateLimit limit({.messages_per_second = 10});
    limit.spent(1, kStart);
    limit.spent(1, kStart);
    EXPECT_EQ(limit.free_at(), kStart + 200ms);
}

}  // namespace
}  // namespace mqttcan::mqtt
