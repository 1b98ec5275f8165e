// SPDX-License-Identifier: MIT
// How frames are put into messages: formats, peers, who know only one, and the keys of format stream.
#include <gmock/gmock.h>

#include "config/words.hpp"
#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
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

TEST(Heartbeat, ComesEveryThirtySecondsUnlessSaidOtherwise) {
    EXPECT_EQ(bus_of(R"("formats": ["stream"])")->from_bus.heartbeat, seconds(30));
    EXPECT_EQ(bus_of(R"("formats": ["stream"], "from_bus": {"heartbeat": "1s"})")->from_bus.heartbeat,
              seconds(1));
    EXPECT_EQ(bus_of(R"("role": "peer", "from_bus": {"heartbeat": "0ms"})")->from_bus.heartbeat, Duration(0));
}

TEST(Heartbeat, IsBounded) {
    for (const std::string length : {"999ms", "61min"}) {
        EXPECT_THAT(faults(R"("role": "peer", "from_bus": {"heartbeat": ")" + length + "\"}"),
                    ElementsAre("3:43: /buses/a/from_bus/heartbeat: \"" + length +
                                "\" is out of bounds; write a duration from 1s to 1h, or \"0s\" for none"));
    }
    EXPECT_THAT(faults(R"("role": "peer", "from_bus": {"heartbeat": 0})"),
                ElementsAre(HasSubstr("/heartbeat: the number 0 has no unit; write it with one, in quotes")));
}

TEST(Lingering, IsForWhoAsksForIt) {
    EXPECT_EQ(bus_of(R"("formats": ["stream"])")->from_bus.linger, Duration(0));
    const auto bus =
        bus_of(R"("formats": ["stream"], "from_bus": {"linger": "50ms", "urgent": ["7", "100-1FF"]})");
    ASSERT_TRUE(bus);
    EXPECT_EQ(bus->from_bus.linger, milliseconds(50));
    EXPECT_THAT(bus->from_bus.urgent,
                ElementsAre(IdPattern::parse("7").value(), IdPattern::parse("100-1FF").value()));
}

TEST(Lingering, EndsBeforeFramesAreTooOld) {
    EXPECT_THAT(faults(R"("role": "peer", "from_bus": {"linger": "2s"})"),
                ElementsAre("3:40: /buses/a/from_bus/linger: frames would be too old before they leave: "
                            "\"max_age\" is 2s (the default); write less, or a longer \"max_age\""));
    EXPECT_THAT(faults("\"role\": \"peer\", \"from_bus\": {\n\"max_age\": \"500ms\", \"linger\": \"1s\"}"),
                ElementsAre("4:31: /buses/a/from_bus/linger: frames would be too old before they leave: "
                            "\"max_age\" is 500ms (line 4); write less, or a longer \"max_age\""));
    EXPECT_THAT(faults(R"("role": "peer", "from_bus": {"max_age": "11s", "linger": "10s"})"), IsEmpty());
    EXPECT_THAT(
        faults(R"("role": "peer", "from_bus": {"max_age": "1h", "linger": "11s"})"),
        ElementsAre("3:57: /buses/a/from_bus/linger: \"11s\" is out of bounds; write a duration from 0s to "
                    "10s"));
    EXPECT_THAT(faults(R"("role": "peer", "from_bus": {"max_age": "2 s", "linger": "3s"})"),
                ElementsAre(HasSubstr("/max_age: \"2 s\" holds a space")));
}

TEST(UrgentFrames, AreThoseThatDoNotLinger) {
    const std::string message =
        "no frame lingers here, so none is urgent; say for example \"linger\": \"100ms\", or remove "
        "\"urgent\"";
    EXPECT_THAT(faults(R"("role": "peer", "from_bus": {"urgent": ["7"]})"),
                ElementsAre("3:30: /buses/a/from_bus/urgent: " + message));
    EXPECT_THAT(faults(R"("role": "peer", "from_bus": {"linger": "0s", "urgent": ["7"]})"),
                ElementsAre("3:46: /buses/a/from_bus/urgent: " + message));
    EXPECT_THAT(faults(R"("role": "peer", "from_bus": {"linegr": "1s", "urgent": ["7"]})"),
                ElementsAre(HasSubstr("did you mean \"linger\"?")));
    EXPECT_THAT(
        faults(R"("role": "peer", "from_bus": {"linger": "1s", "urgent": []})"),
        ElementsAre("3:56: /buses/a/from_bus/urgent: this list is empty; name at least one ID, for example "
                    "[\"123\", \"700-77F\"], or leave \"urgent\" out"));
}

TEST(KeysOfStream, AreForNoOtherFormat) {
    EXPECT_THAT(
        faults(R"("from_bus": {"heartbeat": "0s", "linger": "1s",
"urgent": ["7"]})"),
        ElementsAre(
            "3:14: /buses/a/from_bus/heartbeat: only format stream has heartbeats; remove it, or add "
            "\"formats\": [\"stream\"]",
            "3:33: /buses/a/from_bus/linger: only in format stream frames wait to share a message; remove "
            "it, or add \"formats\": [\"stream\"]",
            "4:1: /buses/a/from_bus/urgent: only in format stream frames wait to share a message; remove "
            "it, or add \"formats\": [\"stream\"]"));
    EXPECT_THAT(
        faults(R"("role": "server", "formats": ["savvycan"], "from_bus": {"linger": "1s"})"),
        ElementsAre("3:57: /buses/a/from_bus/linger: only in format stream frames wait to share a message; "
                    "remove it, or add \"stream\" to \"formats\" (line 3)"));
    EXPECT_THAT(
        faults(R"("role": "server", "formats": ["savvycan", "stream"], "from_bus": {"linger": "1s"})"),
        IsEmpty());
    for (const std::string slip :
         {R"("formats": ["steam"])", R"("format": ["stream"])", R"("role": "per")"}) {
        EXPECT_EQ(faults(slip + R"(, "from_bus": {"linger": "1s"})").size(), 1U) << slip;
    }
}

TEST(Buffer, IsAnAmountOfMemory) {
    EXPECT_EQ(bus_of(R"("role": "server", "formats": ["stream"])")->from_bus.buffer, 0U);
    const auto size_of = [](const std::string& written) {
        return bus_of(R"("role": "server", "formats": ["stream"], "from_bus": {"buffer": ")" + written +
                      "\"}")
            ->from_bus.buffer;
    };
    EXPECT_EQ(size_of("64KiB"), 65536U);
    EXPECT_EQ(size_of("256MiB"), 268'435'456U);
    EXPECT_EQ(size_of("16GiB"), 17'179'869'184U);
}

TEST(Buffer, SaysHowItIsWritten) {
    const auto fault_of = [](const std::string& value) {
        return faults(R"("role": "server", "formats": ["stream"], "from_bus": {"buffer": )" + value + "}");
    };
    const std::string place = "3:65: /buses/a/from_bus/buffer: ";
    EXPECT_THAT(
        fault_of("67108864"),
        ElementsAre(place + "the number 67108864 has no unit; write it with one, in quotes, for example "
                            "\"64MiB\""));
    EXPECT_THAT(fault_of("true"),
                ElementsAre(place + "true is not an amount of memory; write for example \"64MiB\""));
    EXPECT_THAT(
        fault_of(R"("much")"),
        ElementsAre(place + "\"much\" is not an amount of memory; write a number and its unit, for example "
                            "\"64MiB\""));
    EXPECT_THAT(
        fault_of(R"("64")"),
        ElementsAre(place + "\"64\" has no unit; write KiB, MiB or GiB behind it, for example \"64MiB\""));
    EXPECT_THAT(fault_of(R"("64MB")"),
                ElementsAre(place + "\"64MB\" has a unit that is not known; use KiB, MiB or GiB, for example "
                                    "\"64MiB\""));
    EXPECT_THAT(fault_of(R"("64 MiB")"), ElementsAre(HasSubstr("holds a space")));
    EXPECT_THAT(fault_of(R"("1.5GiB")"), ElementsAre(HasSubstr("write a whole number, in a smaller unit")));
    for (const char* written : {"63KiB", "0MiB", "17GiB", "99999999999999999999999GiB"}) {
        EXPECT_THAT(fault_of(in_quotes(written)),
                    ElementsAre(place + in_quotes(written) + " is out of bounds; write 64KiB to 16GiB"));
    }
}

TEST(Buffer, IsForServersThatSpeakStream) {
    EXPECT_THAT(
        faults(R"("role": "server", "from_bus": {"buffer": "64MiB"})"),
        ElementsAre("3:32: /buses/a/from_bus/buffer: only format stream can tell frames of an outage from "
                    "present ones; remove it, or add \"formats\": [\"stream\"]"));
    EXPECT_THAT(
        faults(R"("formats": ["stream"], "from_bus": {"buffer": "64MiB"})"),
        ElementsAre("3:37: /buses/a/from_bus/buffer: only what a server saw on the bus is worth keeping; "
                    "remove it here, or write \"role\": \"server\""));
    EXPECT_THAT(faults(R"("role": "peer", "from_bus": {"buffer": "64MiB"})"),
                ElementsAre(HasSubstr("only what a server saw")));
}

}  // namespace
}  // namespace mqttcan::config::test
