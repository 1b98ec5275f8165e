// SPDX-License-Identifier: MIT
#include "base/names.hpp"

#include <gmock/gmock.h>

namespace mqttcan {
namespace {

using testing::HasSubstr;

TEST(InterfaceName, TakesWhatTheKernelTakes) {
    for (const char* name : {"vcan0", "can0", "a", "bench-7.x", "123456789012345"}) {
        EXPECT_TRUE(InterfaceName::parse(name)) << name;
    }
}

TEST(InterfaceName, RefusesWhatTheKernelRefusesOrWouldCutShort) {
    for (const char* name :
         {"", ".", "..", "1234567890123456", "a/b", "a:b", "a b", "vcan%d", "\x7f", "\xc3\xa4"}) {
        EXPECT_FALSE(InterfaceName::parse(name)) << name;
    }
}

TEST(EntryName, NeedsNoQuotingAnywhere) {
    EXPECT_TRUE(EntryName::parse("bench_3.front-left"));
    for (const char* name : {"", "-a", ".a", "a b", "a/b", "a\"", "\xc3\xa4"}) {
        EXPECT_FALSE(EntryName::parse(name)) << name;
    }
}

TEST(Topic, MayHaveAnyNumberOfLevels) {
    EXPECT_EQ(Topic::parse("can")->levels(), 1);
    EXPECT_EQ(Topic::parse("fleet/7/\xc3\xa4ngine")->levels(), 3);
}

TEST(Topic, RefusesWhatWouldReachAnotherTopic) {
    for (const char* topic : {"", "/can", "can/", "a//b", "can/+", "#", "$SYS/can", "can/s", "s/can",
                              "a/mqttcan/b", "a\nb", "a\xff", "\xed\xa0\x80", "\xc0\xaf"}) {
        EXPECT_FALSE(Topic::parse(topic)) << topic;
    }
}

TEST(Topic, SaysWhyALevelIsReserved) {
    EXPECT_THAT(Topic::parse("car/s").error().what, HasSubstr("level \"s\", which is reserved"));
}

}  // namespace
}  // namespace mqttcan
