// SPDX-License-Identifier: MIT
// The parts of the netlink room that need no kernel: decoding, against bytes that one sent, and sentences.
#include <gmock/gmock.h>
#include <net/if.h>  // before linux/if.h, or neither compiles

#include <linux/can/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

#include "netlink/attributes.hpp"
#include "netlink/controller.hpp"
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

TEST(LinkMessage, OfAPairTellsWhereTheOtherEndIs) {
    const auto here = decode(golden::kPairHere);
    ASSERT_TRUE(here);
    EXPECT_EQ(here->link.kind, "vxcan");
    EXPECT_EQ(here->link.alias, "mqttcan:bench");
    ASSERT_TRUE(here->link.peer);
    EXPECT_EQ(here->link.peer->namespace_id, std::nullopt);
    EXPECT_NE(here->link.peer->ifindex, here->link.ifindex);
    EXPECT_TRUE(usable(here->link));
    const auto elsewhere = decode(golden::kPairElsewhere);
    ASSERT_TRUE(elsewhere && elsewhere->link.peer);
    EXPECT_EQ(elsewhere->link.peer->namespace_id, 0);
    EXPECT_TRUE(usable(elsewhere->link));
    EXPECT_EQ(elsewhere->link.controller, std::nullopt);
}

TEST(LinkMessage, OfAControllerTellsItsSettings) {
    const auto report = decode(golden::kSerialController);
    ASSERT_TRUE(report && report->link.controller);
    const Controller expected{.settings = {.bitrate = 250000,
                                           .listen_only = true,
                                           .restart = Duration::zero(),
                                           .tx_queue_length = 33},
                              .state = ControllerState::error_warning};
    EXPECT_EQ(report->link.controller, expected);
    EXPECT_EQ(report->link.peer, std::nullopt);
    EXPECT_EQ(decode(golden::kVcanLink)->link.controller, std::nullopt);
}

TEST(LinkMessage, OfAControllerTellsItsStatistics) {
    const auto bytes = bytes_of(golden::kSerialController);
    const ControllerStatistics expected{.state = ControllerState::error_warning, .error_warnings = 1};
    EXPECT_EQ(parse_statistics(bytes), expected);
    EXPECT_EQ(parse_statistics(bytes_of(golden::kVcanLink)), std::nullopt);
    EXPECT_EQ(parse_statistics(bytes_of(golden::kNoSuchLink)), std::nullopt);
}

// A flag outside the mask stays as it is, and nothing is sent that nobody asked for.
TEST(SettingsRequest, HoldsWhatIsSetAndNothingElse) {
    const Message message = settings_request(
        7, {.listen_only = true, .one_shot = false, .restart = std::chrono::milliseconds(100)});
    const nlmsghdr* head = nlmsg_hdr(message.get());
    const std::span bytes(reinterpret_cast<const std::byte*>(head), head->nlmsg_len);
    const auto attributes = attributes_of<IFLA_MAX>(bytes.subspan(NLMSG_HDRLEN + sizeof(ifinfomsg)));
    EXPECT_EQ(attributes[IFLA_TXQLEN], nullptr);
    const auto info = attributes_of<IFLA_INFO_MAX>(content(attributes[IFLA_LINKINFO]));
    const auto data = attributes_of<IFLA_CAN_MAX>(content(info[IFLA_INFO_DATA]));
    EXPECT_EQ(string_of(info[IFLA_INFO_KIND]), "can");
    const auto modes = value_of<can_ctrlmode>(data[IFLA_CAN_CTRLMODE]).value();
    EXPECT_EQ(modes.mask, 0x0aU);  // CAN_CTRLMODE_LISTENONLY, CAN_CTRLMODE_ONE_SHOT
    EXPECT_EQ(modes.flags, 0x02U);
    EXPECT_EQ(value_of<std::uint32_t>(data[IFLA_CAN_RESTART_MS]), 100U);
    EXPECT_EQ(std::ranges::count(data, nullptr), std::ssize(data) - 2);
}

TEST(LinkMessage, CutAnywhereIsNoMessage) {
    for (const auto hex :
         {golden::kVcanLink, golden::kUnknownKind, golden::kPairElsewhere, golden::kSerialController}) {
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
    for (const auto hex : {golden::kVcanLink, golden::kUnknownKind, golden::kNoSuchLink,
                           golden::kPairElsewhere, golden::kSerialController}) {
        const auto whole = bytes_of(hex);
        for (std::size_t at = 0; at < whole.size(); ++at) {
            for (const int value : {0x00, 0x01, 0x7f, 0xff}) {
                auto changed = whole;
                changed[at] = static_cast<std::byte>(value);
                for (const auto message : messages_in(changed)) {
                    (void)parse_link(message);
                    (void)parse_verdict(message);
                    (void)parse_statistics(message);
                    (void)parse_namespace_id(message);
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

TEST(Explanation, OfSettingsNamesThemAndWhatTheControllerCannotDo) {
    const CanSettings settings{.bitrate = 5000000, .listen_only = true};
    const std::string action = text("setting can0 to ", describe(settings));
    EXPECT_THAT(explain_settings({EDOM, ""}, action, settings).error().what,
                AllOf(HasSubstr("setting can0 to bit rate 5000000 bit/s, listen-only on: "),
                      HasSubstr("the controller cannot make 5000000 bit/s")));
    EXPECT_THAT(explain_settings({EOPNOTSUPP, ""}, action, settings).error().what,
                HasSubstr("its driver knows no such setting"));
    EXPECT_THAT(explain_settings({EBUSY, ""}, action, settings).error().what,
                HasSubstr("while the interface is down"));
    EXPECT_THAT(explain_settings({EINVAL, ""}, "x", {.sample_point = 800}).error().what,
                HasSubstr("needs its bit rate"));
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
