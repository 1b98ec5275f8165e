// SPDX-License-Identifier: MIT
// How frames are put into messages: formats, and peers, who know only one.
#include <gmock/gmock.h>

#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::optional<Bus> bus_of(const std::string& members) {
    const Outcome outcome = parsed("{\"buses\": {\"a\": {\"topic\": \"can\", " + members + "}}}");
    EXPECT_THAT(written_out(outcome.faults), IsEmpty());
    return outcome.config ? std::optional(outcome.config->buses.at(0)) : std::nullopt;
}

std::vector<Format> formats_of(const std::string& members) {
    const auto bus = bus_of(members);
    return bus ? bus->formats : std::vector<Format>();
}

std::vector<std::string> faults(const std::string& members) {
    return bus_faults("\"topic\": \"can\",\n" + members);
}

std::vector<std::string> warnings(const std::string& members) {
    return warnings_of("{\"buses\": {\"a\": {" + members + "}}}");
}

TEST(Formats, AreThoseOfPyMQTT2CANUnlessSaidOtherwise) {
    EXPECT_THAT(formats_of(R"("role": "client")"), ElementsAre(Format::savvycan));
    EXPECT_THAT(formats_of(R"("role": "server")"), ElementsAre(Format::savvycan));
}

TEST(Formats, MayBeStreamOrBoth) {
    EXPECT_THAT(formats_of(R"("formats": ["stream"])"), ElementsAre(Format::stream));
    EXPECT_THAT(formats_of(R"("role": "server", "formats": ["savvycan", "stream"])"),
                ElementsAre(Format::savvycan, Format::stream));
    EXPECT_THAT(formats_of(R"("formats": ["stream", "savvycan"])"),
                ElementsAre(Format::stream, Format::savvycan));
}

TEST(Formats, AreAListWithoutRepetition) {
    EXPECT_THAT(
        faults(R"("formats": "stream")"),
        ElementsAre("3:12: /buses/a/formats: the string \"stream\" is not a list of formats; write for "
                    "example [\"stream\"]"));
    EXPECT_THAT(
        faults(R"("formats": [])"),
        ElementsAre("3:12: /buses/a/formats: this list is empty; name a format, for example [\"stream\"], or "
                    "leave \"formats\" out"));
    EXPECT_THAT(faults(R"("formats": ["stream", "savvycan", "stream"])"),
                ElementsAre("3:35: /buses/a/formats/2: \"stream\" stands in this list already; remove it"));
}

TEST(Formats, AreKnown) {
    EXPECT_THAT(
        faults(R"("formats": ["savycan", "j1939", 1])"),
        ElementsAre("3:13: /buses/a/formats/0: \"savycan\" is not known here; did you mean \"savvycan\"?",
                    "3:24: /buses/a/formats/1: \"j1939\" is not known here; write \"savvycan\" or \"stream\"",
                    "3:33: /buses/a/formats/2: the number 1 is not \"savvycan\" or \"stream\"; write for "
                    "example \"stream\""));
}

TEST(Formats, OfAClientAreOne) {
    EXPECT_THAT(
        warnings(R"("topic": "can", "formats": ["stream", "savvycan"])"),
        ElementsAre(
            "1:45: /buses/a/formats: a client speaks one format: this one only the first, \"stream\"; "
            "remove the other"));
    EXPECT_THAT(warnings(R"("topic": "can", "role": "server", "formats": ["stream", "savvycan"])"),
                IsEmpty());
}

TEST(Formats, HoldSavvycanIfClientsOfPyMQTT2CANAreAccepted) {
    EXPECT_THAT(
        faults(R"("role": "server", "formats": ["stream"], "accept_pymqtt2can_clients": true)"),
        ElementsAre("3:42: /buses/a/accept_pymqtt2can_clients: clients of PyMQTT2CAN speak savvycan only; "
                    "remove it, or add \"savvycan\" to \"formats\" (line 3)"));
    EXPECT_THAT(faults(R"("role": "server", "formats": ["stream"], "accept_pymqtt2can_clients": false)"),
                IsEmpty());
    EXPECT_THAT(
        faults(R"("role": "server", "formats": ["stream", "savvycan"], "accept_pymqtt2can_clients": true)"),
        IsEmpty());
}

TEST(Formats, LetATopicHaveLevelsIfOnlyMqttcanListens) {
    EXPECT_THAT(warnings(R"("topic": "cars/7", "formats": ["stream"])"), IsEmpty());
    EXPECT_THAT(warnings(R"("topic": "cars/7", "role": "peer")"), IsEmpty());
    EXPECT_THAT(
        warnings(R"("topic": "cars/7", "role": "server", "formats": ["stream", "savvycan"])"),
        ElementsAre(HasSubstr("/topic: PyMQTT2CAN and SavvyCAN find frames only below a topic of one")));
}

TEST(Formats, GetOneMessageForOneSlip) {
    EXPECT_THAT(faults(R"("role": "peer", "formats": ["savycan"])"),
                ElementsAre(HasSubstr("did you mean \"savvycan\"?")));
    EXPECT_THAT(faults(R"("role": "server", "format": ["stream"], "accept_pymqtt2can_clients": true)"),
                ElementsAre(HasSubstr("did you mean \"formats\"?")));
}

TEST(Peer, SpeaksStream) {
    const auto bus = bus_of(R"("role": "peer", "interface": "vcan0")");
    ASSERT_TRUE(bus);
    EXPECT_EQ(bus->role, Role::peer);
    EXPECT_THAT(bus->formats, ElementsAre(Format::stream));
    EXPECT_THAT(formats_of(R"("role": "peer", "formats": ["stream"])"), ElementsAre(Format::stream));
    for (const std::string formats : {R"(["savvycan"])", R"(["stream", "savvycan"])"}) {
        EXPECT_THAT(
            faults(R"("role": "peer", "formats": )" + formats),
            ElementsAre("3:28: /buses/a/formats: peers speak stream only; write [\"stream\"], or leave "
                        "\"formats\" out"));
    }
}

TEST(Peer, IsOnAVirtualBus) {
    EXPECT_TRUE(bus_of(R"("role": "peer", "kind": "vcan")"));
    EXPECT_TRUE(bus_of(R"("role": "peer", "kind": "vxcan", "interface": "a", "peer": {"interface": "b"})"));
    // The server that it should be may say all the rest.
    EXPECT_THAT(
        faults(
            R"("kind": "can", "interface": "can0", "role": "peer", "write": "all", "formats": ["savvycan"])"),
        ElementsAre(
            "3:45: /buses/a/role: a peer writes whatever the others send, and nobody there could forbid "
            "it, so it is for virtual buses only; for hardware write \"role\": \"server\", with "
            "\"write\": \"none\" or \"all\""));
    EXPECT_THAT(
        faults(R"("kind": "slcan", "interface": "s", "device": "/dev/t", "bitrate": "1M", "role": "peer")"),
        ElementsAre(HasSubstr("/role: a peer writes whatever the others send")));
    EXPECT_THAT(faults(R"("kind": "cna", "interface": "can0", "role": "peer")"),
                ElementsAre(HasSubstr("did you mean \"can\"?")));
}

TEST(Peer, SaysNothingOfWhatServersAndClientsSay) {
    EXPECT_THAT(
        faults(R"("role": "peer", "write": "none",
"accept_pymqtt2can_clients": true, "on_offline": "down", "from_bus": {"error_frames": true})"),
        ElementsAre(
            "3:17: /buses/a/write: only a server can say this: among peers, each writes what the others "
            "send; remove \"write\" here, or write \"role\": \"server\"",
            "4:1: /buses/a/accept_pymqtt2can_clients: only a server has clients; remove it here, or "
            "write \"role\": \"server\"",
            "4:36: /buses/a/on_offline: only a client can say this: peers have no server that could be "
            "out of reach; remove \"on_offline\", or write \"role\": \"client\"",
            "4:71: /buses/a/from_bus/error_frames: a virtual bus has no controller whose errors could "
            "be published; remove it here, or write \"role\": \"server\""));
}

TEST(Peer, IsHeldToTheTickLikeAllWhoWrite) {
    EXPECT_THAT(faults(R"("role": "peer", "to_bus": {"max_age": "500ms"})"),
                ElementsAre(HasSubstr("/to_bus/max_age: the age of a frame is known only to a tick")));
}

}  // namespace
}  // namespace mqttcan::config::test
