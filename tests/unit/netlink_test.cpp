// SPDX-License-Identifier: MIT
// The parts of the netlink room that need no kernel: decoding, against bytes that one sent, and sentences.
#include <gmock/gmock.h>

#include <cerrno>
#include <charconv>
#include <vector>

#include "netlink/explain.hpp"
#include "netlink/link.hpp"
#include "netlink/message.hpp"
#include "tests/golden/rtnetlink.hpp"

namespace mqttcan::netlink {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::byte> bytes_of(std::string_view hex) {
    std::vector<std::byte> bytes;
    for (; hex.size() >= 2; hex.remove_prefix(2)) {
        unsigned value = 0;
        std::from_chars(hex.data(), hex.data() + 2, value, 16);
        bytes.push_back(static_cast<std::byte>(value));
    }
    return bytes;
}

std::optional<LinkReport> decode(std::string_view hex) {
    const auto bytes = bytes_of(hex);
    const auto messages = messages_in(bytes);
    return messages.size() == 1 ? parse_link(messages.front()) : std::nullopt;
}

std::optional<Verdict> verdict_of(std::string_view hex) {
    const auto bytes = bytes_of(hex);
    return parse_verdict(messages_in(bytes).at(0));
}

TEST(LinkMessage, IsReadAsTheKernelSentIt) {
    const auto report = decode(golden::kVcanLink);
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->gone);
    const Link expected{.ifindex = 2,
                        .name = "vcan0",
                        .kind = "vcan",
                        .is_can = true,
                        .up = true,
                        .running = true,
                        .operstate = kOperstateUnknown,
                        .mtu = 72,
                        .group = kOwnedGroup,
                        .alias = "mqttcan:body"};
    EXPECT_EQ(report->link, expected);
    EXPECT_TRUE(usable(report->link));
}

TEST(LinkMessage, OfADeletedLinkTellsThatItIsGone) {
    const auto down = decode(golden::kGoingDown);
    ASSERT_TRUE(down);
    EXPECT_FALSE(down->gone);
    EXPECT_FALSE(down->link.up);
    EXPECT_EQ(down->link.operstate, 2);
    const auto gone = decode(golden::kGone);
    ASSERT_TRUE(gone);
    EXPECT_TRUE(gone->gone);
    EXPECT_EQ(gone->link.ifindex, 2);
    EXPECT_TRUE(gone->link.is_can);
}

TEST(LinkMessage, CutAnywhereIsNoMessage) {
    for (const auto hex : {golden::kVcanLink, golden::kUnknownKind}) {
        const auto whole = bytes_of(hex);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const std::vector<std::byte> cut(whole.begin(),
                                             whole.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_THAT(messages_in(cut), IsEmpty()) << size;
            (void)parse_link(cut);  // whatever it says, it reads nothing outside
            (void)parse_verdict(cut);
        }
    }
}

TEST(LinkMessage, WithAnyByteChangedIsReadWithinItsBounds) {
    for (const auto hex : {golden::kVcanLink, golden::kUnknownKind, golden::kNoSuchLink}) {
        const auto whole = bytes_of(hex);
        for (std::size_t at = 0; at < whole.size(); ++at) {
            for (const int value : {0x00, 0x01, 0x7f, 0xff}) {
                auto changed = whole;
                changed[at] = static_cast<std::byte>(value);
                for (const auto message : messages_in(changed)) {
                    (void)parse_link(message);
                    (void)parse_verdict(message);
                }
            }
        }
    }
}

TEST(LinkMessage, IsOneOfSeveralInADatagram) {
    const auto datagram = bytes_of(std::string(golden::kVcanLink) + std::string(golden::kGone));
    const auto messages = messages_in(datagram);
    ASSERT_THAT(messages, SizeIs(2));
    EXPECT_FALSE(parse_link(messages[0])->gone);
    EXPECT_TRUE(parse_link(messages[1])->gone);
}

TEST(Verdict, IsReadWithTheKernelsWords) {
    const auto acknowledged = verdict_of(golden::kAcknowledged);
    ASSERT_TRUE(acknowledged);
    EXPECT_EQ(acknowledged->number, 0);
    const auto absent = verdict_of(golden::kNoSuchLink);
    ASSERT_TRUE(absent);
    EXPECT_EQ(absent->number, ENODEV);
    EXPECT_EQ(absent->words, "");
    const auto unknown = verdict_of(golden::kUnknownKind);
    ASSERT_TRUE(unknown);
    EXPECT_EQ(unknown->number, EOPNOTSUPP);
    EXPECT_EQ(unknown->words, "Unknown device type");
}

TEST(Verdict, IsNotALinkNorALinkAVerdict) {
    EXPECT_EQ(verdict_of(golden::kVcanLink), std::nullopt);
    EXPECT_FALSE(decode(golden::kAcknowledged));
}

TEST(Explanation, OfAMissingModuleNamesTheCures) {
    const auto error = explain({EOPNOTSUPP, "Unknown device type"}, "creating vcan0", "vcan").error();
    EXPECT_EQ(error.code, std::errc::operation_not_supported);
    EXPECT_THAT(error.what, AllOf(HasSubstr("creating vcan0: "), HasSubstr("(Unknown device type)"),
                                  HasSubstr("modprobe vcan"), HasSubstr("linux-modules-extra-"),
                                  HasSubstr("scripts/lab")));
}

TEST(Explanation, OfAMissingCapabilityNamesTheCure) {
    const auto error = explain({EPERM, ""}, "creating vcan0", "vcan").error();
    EXPECT_EQ(error.code, std::errc::operation_not_permitted);
    EXPECT_THAT(error.what,
                AllOf(HasSubstr("creating vcan0: "), HasSubstr("CAP_NET_ADMIN"), Not(HasSubstr("()"))));
}

TEST(Explanation, OfAnythingElseIsTheSystemsOwn) {
    EXPECT_EQ(explain({EBUSY, ""}, "renaming vcan0").error().what, "renaming vcan0: Device or resource busy");
    EXPECT_EQ(explain({EOPNOTSUPP, "it is hardware"}, "removing can0").error().what,
              "removing can0: Operation not supported (it is hardware)");
}

TEST(UsableLink, IsACanLinkThatIsUp) {
    const Link vcan{.ifindex = 2, .name = "v", .kind = "vcan", .is_can = true, .up = true};
    EXPECT_TRUE(usable(vcan));
    Link down = vcan;
    down.up = false;
    EXPECT_FALSE(usable(down));
    Link other = vcan;
    other.is_can = false;
    EXPECT_FALSE(usable(other));
}

TEST(UsableLink, OfAPairNeedsItsOtherEnd) {
    Link link{.ifindex = 2, .name = "v", .kind = "vxcan", .is_can = true, .up = true};
    EXPECT_FALSE(usable(link));
    link.operstate = kOperstateUp;
    EXPECT_TRUE(usable(link));
    link.operstate = 3;  // lower layer down
    EXPECT_FALSE(usable(link));
}

TEST(UsableLink, OfAControllerMayBeInBusOff) {
    const Link link{.ifindex = 2, .name = "can0", .kind = "can", .is_can = true, .up = true, .operstate = 2};
    EXPECT_TRUE(usable(link));
}

}  // namespace
}  // namespace mqttcan::netlink
