// SPDX-License-Identifier: MIT
// The keys of a bus: every fault they can have, and what becomes of right ones.
#include <gmock/gmock.h>

#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Bus bus_of(const std::string& members) {
    const Outcome outcome = parsed("{\"buses\": {\"a\": {" + members + "}}}");
    EXPECT_THAT(written_out(outcome.faults), IsEmpty());
    return outcome.config ? outcome.config->buses.at(0)
                          : Bus{.name = *EntryName::parse("none"),
                                .broker = *EntryName::parse("none"),
                                .topic = *Topic::parse("none")};
}

TEST(Bus, NeedsOnlyATopic) {
    const Bus bus = bus_of(R"("topic": "can")");
    EXPECT_EQ(bus.name.str(), "a");
    EXPECT_EQ(bus.broker.str(), "default");
    EXPECT_EQ(bus.topic.str(), "can");
    EXPECT_EQ(bus.interface, std::nullopt);
    EXPECT_EQ(bus.kind, Kind::vcan);
    EXPECT_EQ(bus.role, Role::client);
}

TEST(Bus, TakesEveryKey) {
    const Bus bus =
        bus_of(R"("interface": "vcan3", "kind": "vcan", "topic": "car-{hostname}", "role": "server",
        "formats": ["stream", "savvycan"], "broker": "default", "write": "all", "fd": false, "on_stop": "remove", "accept_pymqtt2can_clients": true,
        "to_bus": {"max_age": "900ms", "queue": 1, "brs": false},
        "from_bus": {"max_age": "3s", "queue": 1048576, "error_frames": true})");
    EXPECT_EQ(bus.interface->str(), "vcan3");
    EXPECT_EQ(bus.topic.str(), "car-box");
    EXPECT_EQ(bus.role, Role::server);
    EXPECT_THAT(bus.formats, ElementsAre(Format::stream, Format::savvycan));
    EXPECT_EQ(bus.write, Write::all);
    EXPECT_FALSE(bus.fd);
    EXPECT_EQ(bus.on_stop, OnStop::remove);
    EXPECT_TRUE(bus.accept_pymqtt2can_clients);
    EXPECT_EQ(bus.to_bus, (ToBus{std::chrono::milliseconds(900), 1, false}));
    EXPECT_EQ(bus.from_bus, (FromBus{std::chrono::seconds(3), 1048576, true}));
}

TEST(Bus, MayBeHardware) {
    const Bus bus =
        bus_of(R"("interface": "can0", "kind": "can", "topic": "can", "role": "server", "write": "none")");
    EXPECT_EQ(bus.kind, Kind::can);
    EXPECT_EQ(bus.write, Write::none);
    EXPECT_EQ(bus_of(R"("interface": "can0", "kind": "can", "topic": "can")").role, Role::client);
}

TEST(Bus, SaysWhatIsWrongWithItsTopic) {
    EXPECT_THAT(bus_faults(R"("interface": "vcan0")"),
                ElementsAre("2:1: /buses/a/topic: \"topic\" is missing; add \"topic\": \"can\""));
    EXPECT_THAT(bus_faults(R"("topic": "a/s")"),
                ElementsAre(HasSubstr("2:11: /buses/a/topic: topic \"a/s\" has a level "
                                      "\"s\", which is reserved")));
    EXPECT_THAT(
        bus_faults(R"("topic": "{hostname}/#")"),
        ElementsAre("2:11: /buses/a/topic: topic \"box/#\" holds a wildcard ('+' or '#'); name one topic"));
    EXPECT_THAT(bus_faults(R"("topic": ["can"])"),
                ElementsAre("2:11: /buses/a/topic: an array is not a string; write for example \"can\""));
    EXPECT_THAT(bus_faults(R"("topic": "")"),
                ElementsAre("2:11: /buses/a/topic: this is empty; write for example \"can\""));
    EXPECT_THAT(bus_faults("\"topic\": \"" + std::string(4097, 'x') + "\""),
                ElementsAre("2:11: /buses/a/topic: this string has 4097 bytes; at most 4096 are allowed"));
}

TEST(Bus, SaysWhatIsWrongWithItsInterface) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "interface": "1234567890123456")"),
        ElementsAre("2:31: /buses/a/interface: interface name \"1234567890123456\" has 16 characters; the "
                    "kernel allows 15"));
}

TEST(Bus, KnowsItsKinds) {
    EXPECT_THAT(bus_faults(R"("topic": "can", "kind": "cna")"),
                ElementsAre("2:26: /buses/a/kind: \"cna\" is not known here; did you mean \"can\"?"));
    EXPECT_THAT(bus_faults(R"("topic": "can", "kind": "ethernet")"),
                ElementsAre("2:26: /buses/a/kind: \"ethernet\" is not known here; write \"vcan\", \"vxcan\", "
                            "\"can\" or \"slcan\""));
    EXPECT_THAT(bus_faults(R"("topic": "can", "kind": true)"),
                ElementsAre("2:26: /buses/a/kind: true is not \"vcan\", \"vxcan\", \"can\" or \"slcan\"; "
                            "write for example \"can\""));
}

TEST(Bus, OnHardwareHasAnInterfaceThatIsNotOurs) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "kind": "can", "on_stop": "down")"),
        ElementsAre(
            "2:1: /buses/a/interface: hardware is found by its name, or by \"match\"; add for example "
            "\"interface\": \"can0\"",
            "2:33: /buses/a/on_stop: hardware is left as it is on stop; remove \"on_stop\", which is "
            "for a vcan"));
}

TEST(Bus, AsServerOnHardwareMustSayWhetherItWrites) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "kind": "can", "interface": "can0", "role": "server")"),
        ElementsAre("2:1: /buses/a/write: a server on hardware must say whether MQTT may cause frames on the "
                    "bus: add \"write\": \"none\" (listen only) or \"write\": \"all\""));
}

TEST(Bus, AsClientHasNoSayAboutWriting) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "write": "none", "accept_pymqtt2can_clients": false)"),
        ElementsAre(
            "2:18: /buses/a/write: only a server can say this: it decides whether frames of its clients "
            "reach the bus; remove \"write\" here, or write \"role\": \"server\"",
            "2:35: /buses/a/accept_pymqtt2can_clients: only a server has clients; remove it here, or "
            "write \"role\": \"server\""));
}

TEST(Bus, HearsNoClientsIfItDoesNotWrite) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "role": "server", "write": "none", "accept_pymqtt2can_clients": true)"),
        ElementsAre(
            "2:53: /buses/a/accept_pymqtt2can_clients: nothing is accepted from clients while \"write\" "
            "is \"none\" (line 2); remove it, or write \"all\" there"));
}

TEST(Bus, GetsOneMessageForOneSlip) {
    EXPECT_THAT(bus_faults(R"("topic": "can", "role": "servre", "write": "none")"),
                ElementsAre("2:26: /buses/a/role: \"servre\" is not known here; did you mean \"server\"?"));
    EXPECT_THAT(bus_faults(R"("topic": "can", "rol": "server", "write": "none")"),
                ElementsAre("2:18: /buses/a/rol: \"rol\" is not a key of a bus; did you mean \"role\"?"));
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "kind": "cann", "bitrate": "500k", "role": "server", "write": "none")"),
        ElementsAre("2:26: /buses/a/kind: \"cann\" is not known here; did you mean \"can\"?"));
    EXPECT_THAT(bus_faults(R"("topic": "can", "knd": "can", "bitrate": "500k")"),
                ElementsAre("2:18: /buses/a/knd: \"knd\" is not a key of a bus; did you mean \"kind\"?"));
    EXPECT_THAT(
        bus_faults(
            R"("topic": "can", "kind": "can", "interfaces": "can0", "role": "server", "wirte": "all")"),
        ElementsAre(HasSubstr("did you mean \"interface\"?"), HasSubstr("did you mean \"write\"?")));
}

TEST(Bus, BoundsAgesAndQueues) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "to_bus": {"max_age": 2, "queue": 0},
"from_bus": {"max_age": "2h", "queue": 1048577})"),
        ElementsAre(
            "2:40: /buses/a/to_bus/max_age: the number 2 has no unit; write it with one, in quotes, for "
            "example \"2s\"",
            "2:52: /buses/a/to_bus/queue: the number 0 is out of bounds; write one from 1 to 1048576",
            "3:25: /buses/a/from_bus/max_age: \"2h\" is out of bounds; write a duration from 50ms to 1h",
            "3:40: /buses/a/from_bus/queue: the number 1048577 is out of bounds; write one from 1 to "
            "1048576"));
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "to_bus": {"queue": 1.5}, "from_bus": {"queue": "many"})"),
        ElementsAre(
            "2:38: /buses/a/to_bus/queue: the number 1.5 is not a whole number; write for example 16384",
            "2:66: /buses/a/from_bus/queue: the string \"many\" is not a whole number; write for "
            "example 16384"));
}

TEST(Bus, SaysWhatAFlagIs) {
    EXPECT_THAT(
        bus_faults(
            R"("topic": "can", "fd": "yes", "to_bus": {"brs": 1}, "from_bus": {"error_frames": null})"),
        ElementsAre(
            "2:24: /buses/a/fd: the string \"yes\" is not true or false; write for example false",
            "2:49: /buses/a/to_bus/brs: the number 1 is not true or false; write for example false",
            "2:82: /buses/a/from_bus/error_frames: null is not true or false; write for example true"));
}

TEST(Bus, NamesTheNearestKey) {
    EXPECT_THAT(
        bus_faults(R"("topic": "can", "Role": "server", "to_bus": {"maxage": "2s"}, "colour": 500000)"),
        ElementsAre(
            "2:18: /buses/a/Role: \"Role\" is not a key of a bus; did you mean \"role\"?",
            "2:47: /buses/a/to_bus/maxage: \"maxage\" is not a key of a \"to_bus\" object; did you mean "
            "\"max_age\"?",
            "2:64: /buses/a/colour: \"colour\" is not a key of a bus; it may hold \"interface\", "
            "\"kind\", \"peer\", \"match\", \"device\", \"topic\", \"role\", \"formats\", \"broker\", "
            "\"write\", \"fd\", \"bitrate\", \"sample_point\", \"data_bitrate\", \"data_sample_point\", "
            "\"restart\", "
            "\"listen_only\", \"one_shot\", \"triple_sampling\", \"berr_reporting\", \"termination\", "
            "\"tx_queue_length\", \"on_stop\", \"on_offline\", \"accept_pymqtt2can_clients\", \"to_bus\" or "
            "\"from_bus\""));
}

TEST(Bus, IsAnObjectWithAName) {
    EXPECT_THAT(
        faults_of(R"({"buses": {"a": "can", "-": {"topic": "can", "to_bus": 5}}})"),
        ElementsAre(
            "1:17: /buses/a: the string \"can\" is not a bus; write for example {\"topic\": \"can\"}",
            "1:24: /buses/-: name \"-\" may hold only letters, digits, '.', '_' and '-', and begins with "
            "a letter or digit",
            "1:56: /buses/-/to_bus: the number 5 is not a \"to_bus\" object; write for example "
            "{\"max_age\": \"2s\"}"));
}

TEST(BusWarning, SpeaksOfATopicThatOthersDoNotUnderstand) {
    EXPECT_THAT(
        warnings_of(R"({"buses": {"a": {"topic": "cars/7"}}})"),
        ElementsAre(
            "1:27: /buses/a/topic: PyMQTT2CAN and SavvyCAN find frames only below a topic of one level; "
            "between mqttcan and mqttcan \"cars/7\" works"));
}

TEST(BusWarning, SpeaksOfAVcanThatSoundsLikeHardware) {
    EXPECT_THAT(
        warnings_of(R"({"buses": {"a": {"topic": "can", "interface": "can0"}}})"),
        ElementsAre(
            "1:47: /buses/a/interface: \"can0\" is what hardware is usually called, but a vcan of that "
            "name will be created; for hardware add \"kind\": \"can\""));
    EXPECT_THAT(
        warnings_of(R"({"buses": {"a": {"topic": "can", "interface": "slcan0"}}})"),
        ElementsAre(HasSubstr("but a vcan of that name will be created; for a serial adapter add \"kind\": "
                              "\"slcan\"")));
    for (const std::string kind :
         {R"("vcan")", R"("can")", R"("vxcan", "peer": {"interface": "can0"})", R"("vcna")"}) {
        EXPECT_THAT(
            warnings_of(R"({"buses": {"a": {"topic": "can", "interface": "can0", "kind": )" + kind + "}}}"),
            IsEmpty());
    }
    EXPECT_THAT(warnings_of(R"({"buses": {"a": {"topic": "can", "interface": "canteen"}}})"), IsEmpty());
}

}  // namespace
}  // namespace mqttcan::config::test
