// SPDX-License-Identifier: MIT
// Where a bus's link is found: kinds, peers, properties, serial adapters; and that no two buses share one.
#include <gmock/gmock.h>

#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Bus bus_of(const std::string& members) {
    const Outcome outcome = parsed("{\"buses\": {\"a\": {\"topic\": \"can\", " + members + "}}}");
    EXPECT_THAT(written_out(outcome.faults), IsEmpty());
    return outcome.config ? outcome.config->buses.at(0)
                          : Bus{.name = *EntryName::parse("none"),
                                .broker = *EntryName::parse("none"),
                                .topic = *Topic::parse("none")};
}

InterfaceName named(std::string_view name) {
    return *InterfaceName::parse(name);
}

TEST(Vxcan, HasAPeerInANamespaceOfAnotherName) {
    const Bus bus = bus_of(
        R"("kind": "vxcan", "interface": "bench0", "peer": {"interface": "can0", "netns": "ecu-sim"})");
    EXPECT_EQ(bus.kind, Kind::vxcan);
    EXPECT_EQ(bus.interface, named("bench0"));
    EXPECT_EQ(bus.peer, (Peer{named("can0"), NetworkNamespace{.path = "/run/netns/ecu-sim"}}));
}

TEST(Vxcan, FindsTheNamespaceOfItsPeerByPathOrProcess) {
    EXPECT_EQ(
        bus_of(R"("kind": "vxcan", "interface": "x", "peer": {"interface": "y", "netns": "/proc/7/ns/net"})")
            .peer->netns,
        NetworkNamespace{.path = "/proc/7/ns/net"});
    EXPECT_EQ(
        bus_of(R"("kind": "vxcan", "interface": "x", "peer": {"interface": "y", "pid": 1234})").peer->netns,
        (NetworkNamespace{.path = {}, .pid = 1234}));
}

TEST(Vxcan, MayLeaveItsPeerToAttach) {
    EXPECT_EQ(bus_of(R"("kind": "vxcan", "interface": "can0", "peer": {"interface": "can0"})").peer,
              (Peer{named("can0"), std::nullopt}));
}

TEST(Vxcan, MayBeClassicAndRemovedAndServer) {
    const Bus bus = bus_of(
        R"("kind": "vxcan", "interface": "x", "peer": {"interface": "y"}, "fd": false, "on_stop": "remove",
"role": "server")");
    EXPECT_FALSE(bus.fd);
    EXPECT_EQ(bus.on_stop, OnStop::remove);
    EXPECT_EQ(bus.role, Role::server);
    EXPECT_EQ(bus.write, Write::all);
}

TEST(Vxcan, NeedsBothItsEnds) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "kind": "vxcan")"),
        ElementsAre(
            "2:1: /buses/a/interface: a vxcan needs a name for the end that is bridged; add for example "
            "\"interface\": \"vxcan0\"",
            "2:1: /buses/a/peer: a vxcan needs a peer, its other end; add for example \"peer\": "
            "{\"interface\": \"can0\"}"));
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "kind": "vxcan", "interface": "x", "peer": {})"),
        ElementsAre("2:61: /buses/a/peer/interface: \"interface\" is missing; add \"interface\": \"can0\""));
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "kind": "vxcan", "interface": "x", "peer": "can0")"),
        ElementsAre("2:61: /buses/a/peer: the string \"can0\" is not a \"peer\" object; write for example "
                    "{\"interface\": \"can0\"}"));
}

std::vector<std::string> peer_faults(const std::string& members) {
    return bus_faults("\"topic\": \"can\", \"kind\": \"vxcan\", \"interface\": \"x\",\n\"peer\": {" +
                      members + "}");
}

TEST(Peer, SaysWhatIsWrongWithItsNames) {
    EXPECT_THAT(
        peer_faults(R"("interface": "a/b")"),
        ElementsAre(HasSubstr("3:23: /buses/a/peer/interface: interface name \"a/b\" holds a character")));
    for (const std::string wrong : {"netns/x", "./x", ".", "..", "x/"}) {
        EXPECT_THAT(
            peer_faults(R"("interface": "y", "netns": ")" + wrong + "\""),
            ElementsAre("3:37: /buses/a/peer/netns: \"" + wrong +
                        "\" is neither the name of a network namespace nor an absolute path; write for "
                        "example \"ecu-sim\" or \"/run/netns/ecu-sim\""));
    }
    EXPECT_THAT(peer_faults(R"("interface": "y", "netns": "")"),
                ElementsAre(HasSubstr("this is empty; write")));
    EXPECT_THAT(peer_faults(R"("interface": "y", "netns": ")" + std::string(256, 'x') + "\""),
                ElementsAre("3:37: /buses/a/peer/netns: this name has 256 bytes; at most 255 are allowed"));
}

TEST(Peer, BoundsThePid) {
    EXPECT_THAT(
        peer_faults(R"("interface": "y", "pid": 0)"),
        ElementsAre("3:35: /buses/a/peer/pid: the number 0 is out of bounds; write one from 1 to 4194304"));
    EXPECT_THAT(
        peer_faults(R"("interface": "y", "pid": "1234")"),
        ElementsAre("3:35: /buses/a/peer/pid: the string \"1234\" is not a whole number; write for example "
                    "1234"));
}

TEST(Peer, LivesInOnePlace) {
    EXPECT_THAT(
        peer_faults(R"("interface": "y", "netns": "n", "pid": 1)"),
        ElementsAre("3:42: /buses/a/peer/pid: \"netns\" (line 3) says where the peer lives already; remove "
                    "one of the two"));
}

TEST(Hardware, IsFoundByItsPropertiesInsteadOfItsName) {
    const Bus bus = bus_of(R"("kind": "can", "match": {"serial": "004E", "path": "p", "driver": "gs_usb"})");
    EXPECT_EQ(bus.interface, std::nullopt);
    EXPECT_EQ(bus.match, (Match{"004E", "p", "gs_usb"}));
    EXPECT_EQ(bus_of(R"("kind": "can", "match": {"serial": "004E"})").match, (Match{.serial = "004E"}));
}

TEST(Hardware, IsNotFoundInTwoWays) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "kind": "can", "interface": "can0",
"match": {"serial": "1"})"),
        ElementsAre(
            "2:33: /buses/a/interface: \"match\" (line 3) finds the interface; remove one of the two"));
}

TEST(Hardware, SaysWhatIsWrongWithItsProperties) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "kind": "can", "match": {})"),
        ElementsAre("2:42: /buses/a/match: this would match any hardware; say at least one of \"serial\", "
                    "\"path\" and \"driver\", as \"udevadm info /sys/class/net/can0\" shows them"));
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "kind": "can", "match": {"serial": 5, "vendor": "x"})"),
        ElementsAre("2:53: /buses/a/match/serial: the number 5 is not a string; write for example "
                    "\"004E0051\"",
                    "2:56: /buses/a/match/vendor: \"vendor\" is not a key of a \"match\" object; it may "
                    "hold \"serial\", \"path\" or \"driver\""));
}

TEST(Slcan, IsATtyWithANameAndABitRate) {
    const Bus bus =
        bus_of(R"("kind": "slcan", "interface": "slcan0", "device": "/dev/ttyACM0", "bitrate": "500k",
"role": "server", "write": "all", "tx_queue_length": 50)");
    EXPECT_EQ(bus.kind, Kind::slcan);
    EXPECT_EQ(bus.device, "/dev/ttyACM0");
    EXPECT_EQ(bus.settings, (CanSettings{.bitrate = 500'000, .tx_queue_length = 50}));
    EXPECT_TRUE(bus.heal_bus_off);
}

TEST(Slcan, NeedsNameDeviceAndBitRate) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "kind": "slcan", "role": "server")"),
        ElementsAre(
            "2:1: /buses/a/interface: the link of a serial adapter needs a name; add for example "
            "\"interface\": \"slcan0\"",
            "2:1: /buses/a/device: a serial adapter is found by its tty; add for example \"device\": "
            "\"/dev/ttyACM0\"",
            "2:1: /buses/a/bitrate: a serial adapter must be told the bit rate; add for example "
            "\"bitrate\": \"500k\"",
            HasSubstr("/buses/a/write: a server on hardware must say whether MQTT may cause frames")));
}

constexpr const char* kSlcan =
    "\"topic\": \"can\", \"kind\": \"slcan\", \"interface\": \"s\", \"bitrate\": \"1M\",\n";

TEST(Slcan, HasADeviceWithAnAbsolutePath) {
    for (const std::string wrong : {"ttyACM0", "./tty", "/dev/", "/"}) {
        EXPECT_THAT(bus_faults(kSlcan + ("\"device\": \"" + wrong) + "\""),
                    ElementsAre("3:11: /buses/a/device: \"" + wrong +
                                "\" is not the absolute path of a tty; write for example \"/dev/ttyACM0\""));
    }
}

TEST(Slcan, CanBeToldLittle) {
    EXPECT_THAT(
        bus_faults(std::string(kSlcan) +
                   R"("device": "/dev/t", "fd": false, "one_shot": true, "on_stop": "down",
"restart": "1s", "on_offline": "keep")"),
        ElementsAre(
            "3:21: /buses/a/fd: a serial adapter carries no CAN FD; remove it",
            "3:34: /buses/a/one_shot: a serial adapter can be told its bit rate and whether to listen "
            "only, nothing else; remove it",
            "3:52: /buses/a/on_stop: the link of a serial adapter goes with the daemon; remove "
            "\"on_stop\", which is for a vcan",
            "4:12: /buses/a/restart: the driver of serial adapters knows no restart; leave \"restart\" "
            "out, and the daemon restarts the adapter, or write \"never\"",
            "4:18: /buses/a/on_offline: hardware is not set down for what happens elsewhere; remove "
            "\"on_offline\", which is for a vcan"));
    const std::string never = std::string(kSlcan).substr(16) + R"("device": "/dev/t", "restart": "never")";
    EXPECT_FALSE(bus_of(never).heal_bus_off);
    EXPECT_EQ(bus_of(never).settings.restart, std::nullopt);
}

TEST(Kind, SaysWhichKeysAreNotForIt) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "peer": {"interface": "x"}, "match": {"serial": "1"}, "device": "/x",
"bitrate": "500k", "tx_queue_length": 5)"),
        ElementsAre("2:18: /buses/a/peer: only a vxcan has a peer; remove it, or write \"kind\": \"vxcan\"",
                    "2:46: /buses/a/match: only hardware is found by what udev knows of it; remove it, or "
                    "write \"kind\": \"can\"",
                    "2:72: /buses/a/device: only a serial adapter has a device; remove it, or write "
                    "\"kind\": \"slcan\"",
                    "3:1: /buses/a/bitrate: a virtual bus has no controller to set; remove it, or write "
                    "\"kind\": \"can\" for hardware",
                    "3:20: /buses/a/tx_queue_length: a virtual bus takes every frame at once, so nothing "
                    "queues there; remove it"));
}

TEST(OnOffline, IsForClientsOfAVirtualBus) {
    EXPECT_EQ(bus_of(R"("on_offline": "down")").on_offline, OnOffline::down);
    EXPECT_EQ(bus_of(R"("on_offline": "down", "kind": "vxcan", "interface": "x", "peer": {"interface": "y"})")
                  .on_offline,
              OnOffline::down);
    EXPECT_EQ(bus_of(R"("fd": true)").on_offline, OnOffline::keep);
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "on_offline": "keep", "role": "server")"),
        ElementsAre("2:18: /buses/a/on_offline: only a client can say this: the bus of a server is there "
                    "whoever can be reached; remove \"on_offline\", or write \"role\": \"client\""));
    EXPECT_THAT(bus_faults(R"("topic": "can", "on_offline": "down", "kind": "can", "interface": "can0",
"role": "server", "write": "none")"),
                ElementsAre(HasSubstr("2:18: /buses/a/on_offline: hardware is not set down")));
}

TEST(Links, BelongToOneBusEach) {
    EXPECT_THAT(
        faults_of(R"({"buses": {
"a": {"topic": "a", "kind": "slcan", "interface": "a", "bitrate": "1M", "device": "/dev/t"},
"b": {"topic": "b", "kind": "slcan", "interface": "b", "bitrate": "1M", "device": "/dev/t"},
"c": {"topic": "c", "kind": "can", "match": {"serial": "1", "driver": "d"}},
"d": {"topic": "d", "kind": "can", "match": {"driver": "d", "serial": "1"}},
"e": {"topic": "e", "kind": "can", "match": {"driver": "d"}},
"f": {"topic": "f", "kind": "vxcan", "interface": "f", "peer": {"interface": "can0", "netns": "n"}},
"g": {"topic": "g", "kind": "vxcan", "interface": "g", "peer": {"interface": "can0", "netns": "/run/netns/n"}},
"h": {"topic": "h", "kind": "vxcan", "interface": "f", "peer": {"interface": "can0", "pid": 5}}}})"),
        ElementsAre(
            "3:83: /buses/b/device: device \"/dev/t\" belongs to bus \"a\" (line 2) already; give each bus "
            "its own",
            "5:45: /buses/d/match: what this matches belongs to bus \"c\" (line 4) already; add for "
            "example \"serial\", so that each bus finds its own",
            "8:64: /buses/g/peer: interface \"can0\" in /run/netns/n belongs to bus \"f\" (line 7) already; "
            "give each peer a name of its own",
            "9:51: /buses/h/interface: interface \"f\" belongs to bus \"f\" (line 7) already; give each bus "
            "its own"));
}

TEST(Links, MayHavePeersOfOneNameInDifferentPlaces) {
    EXPECT_THAT(faults_of(R"({"buses": {
"a": {"topic": "a", "kind": "vxcan", "interface": "a", "peer": {"interface": "can0"}},
"b": {"topic": "b", "kind": "vxcan", "interface": "b", "peer": {"interface": "can0"}},
"c": {"topic": "c", "kind": "vxcan", "interface": "c", "peer": {"interface": "can0", "netns": "n"}},
"d": {"topic": "d", "kind": "vxcan", "interface": "d", "peer": {"interface": "can1", "netns": "n"}},
"e": {"topic": "e", "kind": "can", "interface": "can0"}}})"),
                IsEmpty());
}

}  // namespace
}  // namespace mqttcan::config::test
