// SPDX-License-Identifier: MIT
#include "daemon/mqtt/outbox.hpp"

#include <gtest/gtest.h>

namespace mqttcan::mqtt {
namespace {

std::string next(Outbox& outbox) {
    const auto message = outbox.next();
    return message ? message->topic + '=' + message->payload : "";
}

TEST(Outbox, SendsInTheOrderOfTheTopicsAndOfEachTheNewestOnly) {
    Outbox outbox;
    outbox.put("a", "waiting");
    outbox.put("b", "waiting");
    outbox.put("a", "online");
    EXPECT_EQ(next(outbox), "a=online");
    outbox.put("a", "offline");
    EXPECT_EQ(next(outbox), "b=waiting");
    EXPECT_EQ(next(outbox), "a=offline");
    EXPECT_EQ(next(outbox), "");
    EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, HasFewUnderWayAtOnce) {
    Outbox outbox;
    for (std::size_t i = 0; i < 2 * Outbox::kAtOnce; ++i) {
        outbox.put(std::to_string(i), "");
    }
    for (std::size_t i = 0; i < Outbox::kAtOnce; ++i) {
        EXPECT_NE(next(outbox), "");
    }
    EXPECT_EQ(next(outbox), "");
    outbox.done();
    EXPECT_NE(next(outbox), "");
    EXPECT_EQ(next(outbox), "");
}

TEST(Outbox, BearsAnswersThatItDoesNotExpect) {
    Outbox outbox;
    outbox.done();  // of a connection that was
    for (std::size_t i = 0; i < Outbox::kAtOnce + 1; ++i) {
        outbox.put(std::to_string(i), "");
    }
    for (std::size_t i = 0; i < Outbox::kAtOnce; ++i) {
        EXPECT_NE(next(outbox), "");
    }
    EXPECT_EQ(next(outbox), "");
    outbox.clear();
    outbox.put("a", "b");
    EXPECT_EQ(next(outbox), "a=b");
}

}  // namespace
}  // namespace mqttcan::mqtt
