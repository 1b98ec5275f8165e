// SPDX-License-Identifier: MIT
// The small pure parts of the loader: durations, broker URLs, placeholders, words.
#include <gmock/gmock.h>

#include "base/names.hpp"
#include "config/broker_url.hpp"
#include "config/duration.hpp"
#include "config/environment.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(DurationText, HasANumberAndAUnit) {
    EXPECT_EQ(parse_duration("50us"), Duration(microseconds(50)));
    EXPECT_EQ(parse_duration("500ms"), Duration(milliseconds(500)));
    EXPECT_EQ(parse_duration("2s"), Duration(seconds(2)));
    EXPECT_EQ(parse_duration("5min"), Duration(minutes(5)));
    EXPECT_EQ(parse_duration("18h"), Duration(hours(18)));
    EXPECT_EQ(parse_duration("0s"), Duration(0));
}

TEST(DurationText, MayHaveAFraction) {
    EXPECT_EQ(parse_duration("1.5s"), Duration(milliseconds(1500)));
    EXPECT_EQ(parse_duration("0.25min"), Duration(seconds(15)));
    EXPECT_EQ(parse_duration("0.0000000001s"), Duration(0));
}

TEST(DurationText, NeverOverflows) {
    const auto huge = parse_duration("99999999999999999999999999999h");
    ASSERT_TRUE(huge);
    EXPECT_GT(*huge, Duration(hours(24 * 365)));
    EXPECT_TRUE(parse_duration("999999999999999999999.99999999999999999999999999us"));
}

TEST(DurationText, IsRefusedWithACure) {
    const auto why = [](std::string_view written) { return parse_duration(written).error().what; };
    EXPECT_EQ(why("500"), "\"500\" has no unit; write \"500ms\" or \"500s\", whichever is meant");
    EXPECT_EQ(why("2 s"),
              "\"2 s\" holds a space; write the unit right behind the number, for example \"2s\"");
    EXPECT_EQ(why("2m"), "\"2m\" could be minutes or milliseconds; write min or ms");
    EXPECT_EQ(why("2sec"),
              "\"2sec\" has a unit that is not known; use us, ms, s, min or h, for example \"2s\"");
    EXPECT_EQ(why("1.s"), "\"1.s\" has no digit behind the point; write for example \"1.5s\"");
    for (const char* no_number : {"", "s", "-1s", ".5s", "soon", "\xff"}) {
        EXPECT_THAT(why(no_number), HasSubstr("is not a duration; write a number and its unit")) << no_number;
    }
}

TEST(DurationText, IsCutBetweenCharactersInAMessage) {
    std::string umlauts = "x";
    for (int i = 0; i < 100; ++i) {
        umlauts += "\xc3\xa4";
    }
    EXPECT_TRUE(is_mqtt_string(parse_duration(umlauts).error().what));
}

TEST(DurationText, IsWrittenInTheLargestWholeUnit) {
    EXPECT_EQ(show(seconds(2)), "2s");
    EXPECT_EQ(show(milliseconds(1500)), "1500ms");
    EXPECT_EQ(show(minutes(90)), "90min");
    EXPECT_EQ(show(hours(18)), "18h");
    EXPECT_EQ(show(Duration(0)), "0s");
    EXPECT_EQ(show(Duration(1)), "1ns");
}

TEST(BrokerUrl, HasSchemeHostAndPort) {
    const auto url = parse_broker_url("mqtts://broker.example.com:1234");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "broker.example.com");
    EXPECT_EQ(url->port, 1234);
    EXPECT_TRUE(url->tls);
}

TEST(BrokerUrl, KnowsTheDefaultPortsAndOtherNamesOfTheSchemes) {
    for (const char* plain : {"mqtt://h", "tcp://h", "mqtt://127.0.0.1", "mqtt://[::1]"}) {
        const auto url = parse_broker_url(plain);
        ASSERT_TRUE(url) << plain;
        EXPECT_EQ(url->port, 1883);
        EXPECT_FALSE(url->tls);
    }
    for (const char* secure : {"mqtts://h", "ssl://h"}) {
        const auto url = parse_broker_url(secure);
        ASSERT_TRUE(url) << secure;
        EXPECT_EQ(url->port, 8883);
        EXPECT_TRUE(url->tls);
    }
}

TEST(BrokerUrl, TakesIpv6InBrackets) {
    EXPECT_EQ(parse_broker_url("mqtt://[2001:db8::1]:18")->host, "2001:db8::1");
    EXPECT_EQ(parse_broker_url("mqtt://[2001:db8::1]:18")->port, 18);
    EXPECT_EQ(parse_broker_url("mqtt://[fe80::1%eth0]")->host, "fe80::1%eth0");
    EXPECT_THAT(parse_broker_url("mqtts://2001:db8::1").error().what, HasSubstr("\"mqtts://[2001:db8::1]\""));
    for (const char* wrong :
         {"mqtt://[::1", "mqtt://[]", "mqtt://[::1]1883", "mqtt://[host]", "mqtt://[::1%]"}) {
        EXPECT_THAT(parse_broker_url(wrong).error().what, HasSubstr("not an IPv6 address in brackets"))
            << wrong;
    }
}

TEST(BrokerUrl, IsRefusedWithACure) {
    const auto why = [](std::string_view url) { return parse_broker_url(url).error().what; };
    EXPECT_THAT(why("broker.example.com"), HasSubstr("has no scheme; write mqtts://"));
    EXPECT_THAT(why("http://h"), HasSubstr("\"http://\" is no scheme for a broker"));
    EXPECT_THAT(why("wss://h"), HasSubstr("WebSockets"));
    EXPECT_THAT(why("mqtt://"), HasSubstr("there is no host"));
    EXPECT_THAT(why("mqtt://h/can"), HasSubstr("remove \"/can\""));
    EXPECT_THAT(why("mqtt://h h"), HasSubstr("is not a host name"));
    EXPECT_THAT(why("mqtt://" + std::string(254, 'a')), HasSubstr("at most 253"));
    for (const char* port :
         {"mqtt://h:", "mqtt://h:0", "mqtt://h:65536", "mqtt://h:x", "mqtt://h:18x", "mqtt://a:b:1"}) {
        EXPECT_THAT(why(port), HasSubstr("is not a port")) << port;
    }
}

TEST(BrokerUrl, NeverRepeatsAPassword) {
    for (const char* url : {"mqtt://me:secret@h", "me:secret@h", "http://me:secret@h/x"}) {
        const std::string why = parse_broker_url(url).error().what;
        EXPECT_THAT(why, HasSubstr("\"username\" and \"password_file\""));
        EXPECT_THAT(why, testing::Not(HasSubstr("secret")));
    }
}

TEST(BrokerUrl, TellsWhatStaysOnTheMachine) {
    for (const char* here : {"127.0.0.1", "127.9.9.9", "localhost", "::1"}) {
        EXPECT_TRUE(is_loopback(here)) << here;
    }
    for (const char* there : {"10.0.0.1", "127.evil.example", "localhost.example", "::2", "1271.0.0.1"}) {
        EXPECT_FALSE(is_loopback(there)) << there;
    }
}

TEST(Placeholders, AreFilledIn) {
    const Environment machine{"box", "0123", {}};
    EXPECT_EQ(fill_in("gw-{hostname}-{machine_id}{hostname}", machine), "gw-box-0123box");
    EXPECT_EQ(fill_in("plain", machine), "plain");
}

TEST(Placeholders, AreTheOnlyUseOfBraces) {
    const Environment machine{"box", "0123", {}};
    for (const char* wrong : {"{user}", "{", "}", "a}b", "{hostname", "{{hostname}}", "{}"}) {
        EXPECT_THAT(fill_in(wrong, machine).error().what, HasSubstr("is not a placeholder")) << wrong;
    }
}

TEST(Placeholders, MustStandForSomething) {
    EXPECT_EQ(
        fill_in("{machine_id}", {"box", "", {}}).error().what,
        "{machine_id} is empty on this machine; run systemd-machine-id-setup, or write the text itself");
}

TEST(Nearest, IsAtMostAThirdAway) {
    constexpr std::string_view kWords[] = {"interface", "topic", "kind", "fd"};
    EXPECT_EQ(nearest("intreface", kWords), "interface");
    EXPECT_EQ(nearest("topci", kWords), "topic");
    EXPECT_EQ(nearest("iface", kWords), std::nullopt);
    EXPECT_EQ(nearest("df", kWords), "fd");
    EXPECT_EQ(nearest("", kWords), std::nullopt);
}

TEST(Printable, LetsNoControlCharacterThrough) {
    EXPECT_EQ(printable("a\x1b[2J\n\x7f"), "a\\x1b[2J\\x0a\\x7f");
    EXPECT_EQ(printable("\xc2\x9b \xc3\xa4"), "\\x9b \xc3\xa4");
}

TEST(Quoted, IsCutBetweenCharacters) {
    std::string umlauts;
    for (int i = 0; i < 100; ++i) {
        umlauts += "x\xc3\xa4";
    }
    EXPECT_TRUE(is_mqtt_string(in_quotes(umlauts)));
    EXPECT_LT(in_quotes(umlauts).size(), 90U);
}

}  // namespace
}  // namespace mqttcan::config
