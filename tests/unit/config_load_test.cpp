// SPDX-License-Identifier: MIT
// Whole configurations: the files that a person writes first, rules between entries, and reading from disk.
#include "config/load.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Configuration, WorksWithTheSmallestFile) {
    const Outcome outcome = parsed(R"({"buses": {"a": {"topic": "can"}}})");
    ASSERT_TRUE(outcome.config);
    EXPECT_THAT(outcome.warnings, IsEmpty());
    ASSERT_EQ(outcome.config->buses.size(), 1U);
    const Broker& broker = outcome.config->broker_of(outcome.config->buses[0]);
    EXPECT_EQ(broker.name.str(), "default");
    EXPECT_EQ(broker.host, "127.0.0.1");
}

TEST(Configuration, MayHaveNoBus) {
    const Outcome outcome = parsed(R"({"buses": {}})");
    ASSERT_TRUE(outcome.config);
    EXPECT_THAT(outcome.config->buses, IsEmpty());
    EXPECT_THAT(outcome.config->brokers, IsEmpty());
}

TEST(Configuration, KeepsTheOrderOfTheFile) {
    const Outcome outcome =
        parsed(R"({"buses": {"z": {"topic": "z", "broker": "m"}, "a": {"topic": "a", "broker": "n"}},
                                       "brokers": {"n": {}, "unused": {}, "m": {}}})");
    ASSERT_TRUE(outcome.config);
    EXPECT_EQ(outcome.config->buses[0].name.str(), "z");
    EXPECT_EQ(outcome.config->buses[1].name.str(), "a");
    ASSERT_EQ(outcome.config->brokers.size(), 2U);
    EXPECT_EQ(outcome.config->brokers[0].name.str(), "n");
    EXPECT_EQ(outcome.config->brokers[1].name.str(), "m");
    EXPECT_THAT(written_out(outcome.warnings),
                ElementsAre("2:71: /brokers/unused: no bus uses this broker; it will not be connected to"));
}

TEST(Configuration, GetsFiveMessagesForFiveFaults) {
    const Outcome outcome = parsed(R"({
  // An ordinary evening's work.
  "brokers": {
    "default": { "url": "mqtt://broker.example.com", "tls": { "ca_file": "/etc/mqttcan/ca.pem" } }
  },
  "buses": {
    "truck": { "topic": "can/#", "intreface": "vcan0" },
    "car": { "topic": "car", "kind": "can", "interface": "can0", "role": "server" },
    "van": { "topic": "van", "to_bus": { "max_age": 2 } }
  }
}
)");
    EXPECT_FALSE(outcome.config);
    std::vector<std::string> faults;
    for (const Fault& fault : outcome.faults) {
        faults.push_back(to_string(fault));
    }
    EXPECT_THAT(
        faults,
        ElementsAre(
            "/etc/mqttcan.json:4:54: /brokers/default/tls: the URL is not one for TLS; write "
            "\"mqtts://...\" as \"url\" (line 4)",
            "/etc/mqttcan.json:7:25: /buses/truck/topic: topic \"can/#\" holds a wildcard ('+' or '#'); "
            "name one topic",
            "/etc/mqttcan.json:7:34: /buses/truck/intreface: \"intreface\" is not a key of a bus; did "
            "you mean \"interface\"?",
            "/etc/mqttcan.json:8:12: /buses/car/write: a server on hardware must say whether MQTT may "
            "cause frames on the bus: add \"write\": \"none\" (listen only) or \"write\": \"all\"",
            "/etc/mqttcan.json:9:53: /buses/van/to_bus/max_age: the number 2 has no unit; write it with "
            "one, in quotes, for example \"2s\""));
}

TEST(Configuration, NeedsBuses) {
    EXPECT_THAT(
        faults_of("{}"),
        ElementsAre("1:1: /buses: \"buses\" is missing; add \"buses\": {\"a\": {\"topic\": \"can\"}}"));
    EXPECT_THAT(faults_of(R"({"busses": {}})"),
                ElementsAre(HasSubstr("/buses: \"buses\" is missing"),
                            "1:2: /busses: \"busses\" is not a key of a configuration; "
                            "did you mean \"buses\"?"));
    EXPECT_THAT(faults_of("[]"),
                ElementsAre("1:1: an array is not a configuration; write for example {\"buses\": {\"a\": "
                            "{\"topic\": \"can\"}}}"));
    EXPECT_THAT(
        faults_of(R"({"buses": ["can"]})"),
        ElementsAre("1:11: /buses: an array is not an object of buses; write for example {\"a\": {\"topic\": "
                    "\"can\"}}"));
    EXPECT_THAT(faults_of(R"({"$schema": 1, "buses": {}})"),
                ElementsAre("1:13: /$schema: the number 1 is not a string; write for example "
                            "\"/usr/share/mqttcan/mqttcan.schema.json\""));
}

TEST(BrokerName, IsThatOfAnEntry) {
    EXPECT_THAT(
        faults_of(R"({"brokers": {"garage": {}}, "buses": {"a": {"topic": "a", "broker": "graage"},
"b": {"topic": "b", "broker": "office"}, "c": {"topic": "c"}, "d": {"topic": "d", "broker": "/"}}})"),
        ElementsAre("1:69: /buses/a/broker: there is no broker \"graage\"; did you mean \"garage\"?",
                    "2:31: /buses/b/broker: there is no broker \"office\"; write \"garage\", or add it under "
                    "\"brokers\"",
                    "2:47: /buses/c/broker: this bus names no broker, and no entry of \"brokers\" is called "
                    "\"default\"; add \"broker\": \"garage\"",
                    "2:93: /buses/d/broker: name \"/\" may hold only letters, digits, '.', '_' and '-', and "
                    "begins with a letter or digit"));
    EXPECT_THAT(
        faults_of(R"({"buses": {"a": {"topic": "a", "broker": "office"}}})"),
        ElementsAre("1:42: /buses/a/broker: there is no broker \"office\"; add it under \"brokers\""));
    EXPECT_THAT(faults_of(R"({"buses": {"a": {"topic": "a", "broker": "default"}}})"), IsEmpty());
}

TEST(Interfaces, BelongToOneBusEach) {
    EXPECT_THAT(
        faults_of(R"({"buses": {
"a": {"topic": "a", "interface": "vcan0"},
"b": {"topic": "b"},
"c": {"topic": "c", "interface": "vcan0"},
"d": {"topic": "d"}}})"),
        ElementsAre(
            "4:34: /buses/c/interface: interface \"vcan0\" belongs to bus \"a\" (line 2) already; give "
            "each bus its own"));
}

TEST(Topics, HaveOneClientPerBrokerEntry) {
    EXPECT_THAT(
        faults_of(R"({"brokers": {"x": {}, "y": {}}, "buses": {
"a": {"topic": "can", "broker": "x"},
"b": {"topic": "can", "broker": "y"},
"c": {"topic": "can", "broker": "x"}}})"),
        ElementsAre(
            "4:16: /buses/c/topic: topic \"can\" has a client on this broker entry already: bus \"a\" "
            "(line 2); for a second view of the same bus use a second broker entry"));
}

TEST(Topics, HaveOnePeerPerBrokerEntry) {
    EXPECT_THAT(
        faults_of(R"({"brokers": {"x": {}, "y": {}}, "buses": {
"a": {"topic": "bench", "role": "peer", "broker": "x"},
"b": {"topic": "bench", "role": "peer", "broker": "y"},
"c": {"topic": "bench", "role": "peer", "broker": "x"}}})"),
        ElementsAre(
            "4:16: /buses/c/topic: topic \"bench\" has a peer on this broker entry already: bus \"a\" "
            "(line 2); for a second view of the same bus use a second broker entry"));
}

TEST(Topics, AreWarnedAboutIfPeersShareThemWithOthers) {
    const Outcome outcome = parsed(R"({"brokers": {"x": {}, "y": {}, "z": {"url": "mqtt://h"}}, "buses": {
"a": {"topic": "bench", "role": "peer", "broker": "x"},
"b": {"topic": "bench", "broker": "y"},
"c": {"topic": "bench", "broker": "z"},
"d": {"topic": "bench/2", "broker": "x", "formats": ["stream"]}}})");
    EXPECT_THAT(written_out(outcome.faults), IsEmpty());
    EXPECT_THAT(
        written_out(outcome.warnings),
        ElementsAre(
            "3:16: /buses/b/topic: peers hear only peers, so this bus, a client, shares no frames with "
            "bus \"a\" (line 2), a peer; give it a topic of its own"));
}

TEST(Topics, MayHaveAServerAndAClientInOneProcess) {
    EXPECT_THAT(faults_of(R"({"buses": {"a": {"topic": "can"}, "b": {"topic": "can", "role": "server"}}})"),
                IsEmpty());
}

TEST(Topics, HaveOneServerPerBroker) {
    EXPECT_THAT(
        faults_of(R"({"brokers": {"x": {"url": "mqtt://Box"}, "y": {"url": "mqtt://box:1883"}, "z": {}},
"buses": {
"a": {"topic": "can", "broker": "x", "role": "server"},
"b": {"topic": "can", "broker": "y", "role": "server"},
"c": {"topic": "can", "broker": "z", "role": "server"},
"d": {"topic": "can", "broker": "x", "role": "server"}}})"),
        ElementsAre(
            "4:16: /buses/b/topic: topic \"can\" has a server at box:1883 already: bus \"a\" (line 3); "
            "with two, clients hear every frame doubled: give each server its own topic",
            HasSubstr("6:16: /buses/d/topic: topic \"can\" has a server at box:1883 already")));
}

TEST(ClientIds, AreUniqueAtABroker) {
    EXPECT_THAT(
        faults_of(R"({"brokers": {
"x": {"url": "mqtt://h", "client_id": "box"},
"y": {"url": "mqtts://h", "client_id": "box"},
"z": {"url": "mqtt://h:1883", "client_id": "{hostname}"}}, "buses": {}})"),
        ElementsAre("4:44: /brokers/z/client_id: broker \"x\" (line 2) has this client id at h:1883 too; the "
                    "broker would throw one of them out, so give each its own"));
}

TEST(StatusTopics, LieOutsideTheFrames) {
    const auto faults = [](const std::string& status) {
        return faults_of(R"({"brokers": {"default": {"status_topic": ")" + status +
                         "\"}},\n\"buses\": {\"a\": {\"topic\": \"car/7\"}}}");
    };
    EXPECT_THAT(faults("car/7/status"),
                ElementsAre("1:42: /brokers/default/status_topic: a status there would be taken "
                            "for a frame of bus \"a\" (line 2); move it out of topic \"car/7\""));
    EXPECT_THAT(faults("car/7/s/status"), ElementsAre(HasSubstr("would be taken for a frame of bus \"a\"")));
    EXPECT_THAT(faults("car/7/mqttcan/status"), IsEmpty());
    EXPECT_THAT(faults("car/8/status"), IsEmpty());
    EXPECT_THAT(faults("status"), IsEmpty());
}

TEST(StatusTopics, AreUniqueAtABroker) {
    EXPECT_THAT(
        faults_of(R"({"buses": {}, "brokers": {
"x": {"status_topic": "gw"},
"y": {"status_topic": "gw"}}})"),
        ElementsAre(
            "3:23: /brokers/y/status_topic: broker \"x\" (line 2) publishes its status there too; give "
            "each its own topic"));
}

TEST(MaxAge, IsAtLeastTwoTicks) {
    EXPECT_THAT(
        faults_of(R"({"buses": {"a": {"topic": "a", "to_bus": {"max_age": "799ms"}}}})"),
        ElementsAre(
            "1:54: /buses/a/to_bus/max_age: the age of a frame is known only to a tick, and the tick of "
            "broker \"default\" is 400ms; write \"800ms\" or more, or a shorter \"tick\" there"));
    EXPECT_THAT(faults_of(R"({"buses": {"a": {"topic": "a", "to_bus": {"max_age": "800ms"}}}})"), IsEmpty());
    EXPECT_THAT(
        faults_of(R"({"brokers": {"default": {"tick": "1500ms"}},
"buses": {"a": {"topic": "a"}, "b": {"topic": "b"}}})"),
        ElementsAre(
            "1:34: /brokers/default/tick: the age of a frame is known only to a tick, and bus \"a\" (line "
            "2) has a \"max_age\" of 2s (the default) in \"to_bus\"; write \"1s\" or less, or a longer "
            "\"max_age\" there"));
}

TEST(MaxAge, DoesNotMatterWhereNothingIsWritten) {
    EXPECT_THAT(faults_of(R"({"buses": {"a": {"topic": "a", "from_bus": {"max_age": "50ms"}},
        "b": {"topic": "b", "role": "server", "write": "none", "to_bus": {"max_age": "50ms"}}}})"),
                IsEmpty());
}

/// A folder that goes with the test.
class LoadedFile : public testing::Test {
  protected:
    LoadedFile() {
        std::string name = testing::TempDir() + "mqttcan-config-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~LoadedFile() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& content) const {
        std::ofstream(folder_ / name) << content;
        return folder_ / name;
    }

    std::filesystem::path folder_;
};

TEST_F(LoadedFile, FindsRelativePathsInItsOwnFolder) {
    write("pw", "secret\n");
    const std::string file =
        write("c.json", R"({"brokers": {"default": {"username": "u", "password_file": "./pw"}},
                                                 "buses": {"a": {"topic": "can"}}})");
    const Outcome outcome = load(file, system_environment());
    EXPECT_THAT(written_out(outcome.faults), IsEmpty());
    ASSERT_TRUE(outcome.config);
    EXPECT_EQ(outcome.config->brokers[0].password_file, folder_ / "pw");
}

TEST_F(LoadedFile, NamesAFolderGivenAsAFile) {
    const std::string file =
        write("c.json", R"({"brokers": {"default": {"username": "u", "password_file": "."}},
                                                 "buses": {"a": {"topic": "can"}}})");
    EXPECT_THAT(written_out(load(file, system_environment()).faults),
                ElementsAre(HasSubstr(
                    " cannot be read (Is a directory); write the path of a file that can be read")));
}

TEST_F(LoadedFile, IsNamedInItsFaults) {
    const std::string file = write("c.json", "{");
    EXPECT_EQ(to_string(load(file, system_environment()).faults.at(0)).find(file + ":1:2: "), 0U);
}

TEST_F(LoadedFile, MustBeThereAndBeAFile) {
    const std::string missing = folder_ / "none.json";
    const Outcome outcome = load(missing, system_environment());
    EXPECT_FALSE(outcome.config);
    ASSERT_EQ(outcome.faults.size(), 1U);
    EXPECT_EQ(to_string(outcome.faults[0]),
              missing +
                  ": cannot be read (No such file or directory); write one; the "
                  "smallest that works is {\"buses\": {\"a\": {\"topic\": "
                  "\"can\"}}}");
    EXPECT_EQ(to_string(load(folder_, system_environment()).faults.at(0)),
              folder_.string() + ": cannot be read (Is a directory); name a file");
}

TEST_F(LoadedFile, IsNotReadWithoutBound) {
    const std::string file = write("c.json", std::string(3 << 20, ' '));
    EXPECT_THAT(written_out(load(file, system_environment()).faults),
                ElementsAre(HasSubstr("larger than 1 MiB")));
}

TEST(SystemEnvironment, KnowsThisMachine) {
    EXPECT_FALSE(system_environment().hostname.empty());
    EXPECT_TRUE(system_environment().readable("/dev/null"));
    EXPECT_FALSE(system_environment().readable("/nowhere/at/all"));
}

}  // namespace
}  // namespace mqttcan::config::test
