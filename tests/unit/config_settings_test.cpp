// SPDX-License-Identifier: MIT
// How hardware is set: bit rates, sample points, restart and the rest, and what the kernel would refuse.
#include <gmock/gmock.h>

#include "config/bit_rate.hpp"
#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kHardware = "\"topic\": \"can\", \"interface\": \"can0\", \"kind\": \"can\",\n";
constexpr const char* kListening = ", \"role\": \"server\", \"write\": \"none\"";

Bus hardware(const std::string& members) {
    const Outcome outcome = parsed("{\"buses\": {\"a\": {" + (kHardware + members) + "}}}");
    EXPECT_THAT(written_out(outcome.faults), IsEmpty()) << members;
    return outcome.config ? outcome.config->buses.at(0)
                          : Bus{.name = *EntryName::parse("none"),
                                .broker = *EntryName::parse("none"),
                                .topic = *Topic::parse("none")};
}

std::vector<std::string> faults(const std::string& members) {
    return bus_faults(kHardware + members);
}

std::string refusal(std::string_view written) {
    const Result<std::uint32_t> parsed = parse_bit_rate(written);
    return parsed ? "accepted" : parsed.error().what;
}

TEST(BitRate, IsANumberWithAUnit) {
    EXPECT_EQ(parse_bit_rate("500k"), 500'000U);
    EXPECT_EQ(parse_bit_rate("1M"), 1'000'000U);
    EXPECT_EQ(parse_bit_rate("0.125M"), 125'000U);
    EXPECT_EQ(parse_bit_rate("83.333k"), 83'333U);
    EXPECT_EQ(parse_bit_rate("33.3k"), 33'300U);
    EXPECT_EQ(parse_bit_rate("125000"), 125'000U);
    EXPECT_EQ(parse_bit_rate("999999999999999999999M"), 4'000'000'000U);
}

TEST(BitRate, SaysWhatIsWrongWithIt) {
    EXPECT_EQ(refusal("fast"), "\"fast\" is not a bit rate; write for example \"500k\" or \"1M\"");
    EXPECT_EQ(refusal(""), "\"\" is not a bit rate; write for example \"500k\" or \"1M\"");
    EXPECT_EQ(refusal("-500k"), "\"-500k\" is not a bit rate; write for example \"500k\" or \"1M\"");
    EXPECT_EQ(refusal("500 k"),
              "\"500 k\" holds a space; write the unit right behind the number, for example \"500k\"");
    EXPECT_EQ(
        refusal("500kbit"),
        "\"500kbit\" has a unit that is not known; write k or M (bit/s), for example \"500k\" or \"1M\"");
    EXPECT_EQ(refusal("1.k"), "\"1.k\" has no digit behind the point; write for example \"83.333k\"");
    EXPECT_EQ(refusal("83.3333k"),
              "\"83.3333k\" is not a whole number of bits in a second; write fewer digits behind the point");
}

TEST(BitRate, IsShownAsItIsWritten) {
    for (const char* written : {"500k", "1M", "83.333k", "2.5M", "999", "1k", "15M", "1000.001k", "125k"}) {
        EXPECT_EQ(show_bit_rate(parse_bit_rate(written).value()), written);
    }
}

TEST(Settings, AreNotAskedForIfTheyAreNotSaid) {
    EXPECT_EQ(hardware("\"to_bus\": {}").settings, CanSettings{});
    EXPECT_TRUE(hardware("\"to_bus\": {}").heal_bus_off);
    EXPECT_TRUE(hardware("\"to_bus\": {}").fd);
}

TEST(Settings, TakeEveryKey) {
    const Bus bus = hardware(
        R"("bitrate": "500k", "sample_point": 0.875, "data_bitrate": "2M", "data_sample_point": 0.75, "fd": true,
"restart": "100ms", "listen_only": false, "one_shot": true, "triple_sampling": true, "berr_reporting": false,
"termination": 100, "tx_queue_length": 100000)");
    EXPECT_EQ(bus.settings, (CanSettings{.bitrate = 500'000,
                                         .sample_point = 875,
                                         .data_bitrate = 2'000'000,
                                         .data_sample_point = 750,
                                         .fd = true,
                                         .listen_only = false,
                                         .one_shot = true,
                                         .triple_sampling = true,
                                         .berr_reporting = false,
                                         .restart = milliseconds(100),
                                         .termination = std::uint16_t{100},
                                         .tx_queue_length = 100'000}));
    EXPECT_TRUE(bus.fd);
}

TEST(Settings, TakeABitRateAsANumber) {
    EXPECT_EQ(hardware("\"bitrate\": 250000").settings.bitrate, 250'000U);
    EXPECT_EQ(hardware("\"bitrate\": 1e6").settings.bitrate, 1'000'000U);
    EXPECT_EQ(hardware("\"bitrate\": 1000").settings.bitrate, 1'000U);
}

TEST(Settings, BoundBitRates) {
    EXPECT_THAT(
        faults("\"bitrate\": 500"),
        ElementsAre("3:12: /buses/a/bitrate: 500 bit/s is out of bounds; write a bit rate from \"1k\" to "
                    "\"1M\""));
    EXPECT_THAT(
        faults("\"bitrate\": \"2M\""),
        ElementsAre("3:12: /buses/a/bitrate: \"2M\" bit/s is out of bounds; write a bit rate from \"1k\" to "
                    "\"1M\""));
    EXPECT_THAT(faults(R"("fd": true, "bitrate": "1M", "data_bitrate": "16M")"),
                ElementsAre(HasSubstr(
                    "/data_bitrate: \"16M\" bit/s is out of bounds; write a bit rate from \"1k\" to "
                    "\"15M\"")));
    EXPECT_THAT(faults("\"bitrate\": -1"), ElementsAre(HasSubstr("-1 bit/s is out of bounds")));
    EXPECT_THAT(faults("\"bitrate\": 1e300"), ElementsAre(HasSubstr("1e300 bit/s is out of bounds")));
    EXPECT_THAT(
        faults("\"bitrate\": 83333.3"),
        ElementsAre("3:12: /buses/a/bitrate: the number 83333.3 is not a whole number of bits in a second; "
                    "write for example 500000 or \"500k\""));
    EXPECT_THAT(faults("\"bitrate\": true"),
                ElementsAre("3:12: /buses/a/bitrate: true is not a bit rate; write for example \"500k\""));
}

TEST(Settings, CountSamplePointsPerMille) {
    EXPECT_EQ(hardware(R"("bitrate": "1M", "sample_point": 0.8333)").settings.sample_point, 833U);
    EXPECT_EQ(hardware(R"("bitrate": "1M", "sample_point": 0.999)").settings.sample_point, 999U);
    EXPECT_EQ(hardware(R"("bitrate": "1M", "sample_point": 0.001)").settings.sample_point, 1U);
    for (const std::string wrong : {"0", "1", "1.0", "-0.5", "87.5", "0.9999"}) {
        EXPECT_THAT(
            faults(R"("bitrate": "1M", "sample_point": )" + wrong),
            ElementsAre("3:34: /buses/a/sample_point: the number " + wrong +
                        " is out of bounds; write a fraction of the bit from 0.001 to 0.999, for example "
                        "0.875"));
    }
    EXPECT_THAT(
        faults(R"("bitrate": "1M", "sample_point": "87.5%")"),
        ElementsAre("3:34: /buses/a/sample_point: the string \"87.5%\" is not a number between 0 and 1; "
                    "write for example 0.875"));
}

TEST(Settings, HaveSamplePointsTogetherWithTheirBitRates) {
    EXPECT_THAT(
        faults("\"sample_point\": 0.8, \"data_sample_point\": 0.7"),
        ElementsAre("3:1: /buses/a/sample_point: a sample point is set together with its bit rate; add "
                    "\"bitrate\", or remove it",
                    "3:22: /buses/a/data_sample_point: a sample point is set together with its bit rate; "
                    "add \"data_bitrate\", or remove it"));
    EXPECT_THAT(faults(R"("sample_point": 0.8, "bitrate": "x")"),
                ElementsAre(HasSubstr("is not a bit rate")));
}

TEST(Settings, HaveCanFdTogetherWithBothBitRates) {
    EXPECT_THAT(
        faults(R"("bitrate": "1M", "data_bitrate": "2M")"),
        ElementsAre("3:18: /buses/a/data_bitrate: only CAN FD has a bit rate of its own for data; write "
                    "\"fd\": true, or remove it"));
    EXPECT_THAT(faults(R"("bitrate": "1M", "data_bitrate": "2M", "fd": false)"),
                ElementsAre(HasSubstr("/buses/a/data_bitrate: only CAN FD has")));
    EXPECT_THAT(
        faults("\"fd\": true"),
        ElementsAre("3:1: /buses/a/fd: the kernel takes CAN FD only together with both bit rates; add "
                    "\"bitrate\": \"500k\" and \"data_bitrate\": \"2M\" (for example)"));
    EXPECT_THAT(faults(R"("fd": true, "bitrate": "1M")"),
                ElementsAre(HasSubstr("both bit rates; add \"data_bitrate\": \"2M\" (for example)")));
    EXPECT_THAT(faults(R"("fd": true, "data_bitrate": "2M")"),
                ElementsAre(HasSubstr("both bit rates; add \"bitrate\": \"500k\" (for example)")));
    EXPECT_THAT(faults(R"("fd": "on", "bitrate": "1M", "data_bitrate": "2M")"),
                ElementsAre(HasSubstr("/buses/a/fd: the string \"on\" is not true or false")));
}

TEST(Settings, SetClassicCanIfItIsSaid) {
    const Bus bus = hardware("\"fd\": false");
    EXPECT_EQ(bus.settings, CanSettings{.fd = false});
    EXPECT_FALSE(bus.fd);
}

TEST(Restart, IsByTheKernelOrNever) {
    EXPECT_EQ(hardware("\"restart\": \"1ms\"").settings.restart, milliseconds(1));
    EXPECT_TRUE(hardware("\"restart\": \"1ms\"").heal_bus_off);
    const Bus never = hardware("\"restart\": \"never\"");
    EXPECT_EQ(never.settings.restart, Duration(0));
    EXPECT_FALSE(never.heal_bus_off);
}

TEST(Restart, SaysWhatIsWrongWithIt) {
    EXPECT_THAT(
        faults("\"restart\": 100"),
        ElementsAre("3:12: /buses/a/restart: the number 100 has no unit; write it with one, in quotes, for "
                    "example \"100ms\""));
    EXPECT_THAT(
        faults("\"restart\": \"1.5ms\""),
        ElementsAre("3:12: /buses/a/restart: \"1.5ms\" is not a whole number of milliseconds, as the kernel "
                    "wants it; write for example \"100ms\""));
    EXPECT_THAT(
        faults("\"restart\": \"0s\""),
        ElementsAre("3:12: /buses/a/restart: \"0s\" is out of bounds; write a duration from 1ms to 1h"));
    for (const std::string wrong : {"\"always\"", "false"}) {
        EXPECT_THAT(faults("\"restart\": " + wrong),
                    ElementsAre(HasSubstr(" is not a duration or \"never\"; write for example \"100ms\"")));
    }
}

TEST(Termination, IsInOhmsOrOnOrOff) {
    EXPECT_EQ(hardware("\"termination\": true").settings.termination, 120);
    EXPECT_EQ(hardware("\"termination\": false").settings.termination, 0);
    EXPECT_EQ(hardware("\"termination\": 65535").settings.termination, 65535);
    EXPECT_THAT(
        faults("\"termination\": 65536"),
        ElementsAre("3:16: /buses/a/termination: the number 65536 is out of bounds; write one from 0 to "
                    "65535"));
    EXPECT_THAT(
        faults("\"termination\": \"on\""),
        ElementsAre("3:16: /buses/a/termination: the string \"on\" is not true, false or a number of ohms; "
                    "write for example 120"));
}

TEST(TxQueueLength, IsBounded) {
    EXPECT_THAT(
        faults("\"tx_queue_length\": 0"),
        ElementsAre("3:20: /buses/a/tx_queue_length: the number 0 is out of bounds; write one from 1 to "
                    "100000"));
}

TEST(ListenOnly, IsForServersThatDoNotWrite) {
    EXPECT_EQ(hardware(std::string("\"listen_only\": true") + kListening).settings.listen_only, true);
    EXPECT_EQ(hardware("\"listen_only\": false").settings.listen_only, false);
    EXPECT_THAT(
        faults(R"("listen_only": true,
"role": "server", "write": "all")"),
        ElementsAre("4:28: /buses/a/write: a listen-only controller (line 3) cannot send; write \"none\", or "
                    "remove \"listen_only\""));
    EXPECT_THAT(
        faults("\"listen_only\": true"),
        ElementsAre("3:16: /buses/a/listen_only: a listen-only controller cannot send, but a client sends "
                    "what comes from the broker; remove it, or write \"role\": \"server\" and \"write\": "
                    "\"none\""));
    EXPECT_THAT(faults(R"("listen_only": true, "role": "server")"),
                ElementsAre(HasSubstr("/buses/a/write: a server on hardware must say")));
    EXPECT_THAT(faults(R"("listen_only": true, "role": "sevrer", "write": "all")"),
                ElementsAre(HasSubstr("did you mean \"server\"?")));
}

}  // namespace
}  // namespace mqttcan::config::test
