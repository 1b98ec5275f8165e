// SPDX-License-Identifier: MIT
// Drop-ins: what they change, which of them count, and that each fault names the right file and place.
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

constexpr const char* kMain = "/etc/mqttcan.json";

/// The configuration `texts[0]` with the others as drop-ins "1", "2", ...
Outcome layered(const std::vector<std::string>& texts) {
    std::vector<Source> sources;
    for (const std::string& text : texts) {
        sources.push_back({sources.empty() ? kMain : std::to_string(sources.size()), text});
    }
    return parse(sources, machine());
}

Config config_of(const std::vector<std::string>& texts) {
    const Outcome outcome = layered(texts);
    EXPECT_THAT(written_out(outcome.faults), IsEmpty());
    return outcome.config.value_or(Config{});
}

std::vector<std::string> whole(const std::vector<Fault>& faults) {
    std::vector<std::string> out;
    for (const Fault& fault : faults) {
        out.push_back(to_string(fault));
    }
    return out;
}

std::vector<std::string> faults_in(const std::vector<std::string>& texts) {
    return whole(layered(texts).faults);
}

constexpr const char* kBody = R"({"buses": {"body": {"topic": "can", "interface": "vcan0",
"to_bus": {"queue": 5, "brs": false}}}})";

TEST(DropIn, OverridesOneKeyOfABus) {
    const Config config = config_of({kBody, R"({"buses": {"body": {"interface": "vcan7"}}})"});
    ASSERT_EQ(config.buses.size(), 1U);
    EXPECT_EQ(config.buses[0].interface->str(), "vcan7");
    EXPECT_EQ(config.buses[0].topic.str(), "can");
}

TEST(DropIn, OverridesOneKeyOfAnObjectInABus) {
    const Config config =
        config_of({kBody, R"({"buses": {"body": {"to_bus": {"queue": 6}, "from_bus": {"queue": 7}}}})"});
    EXPECT_EQ(config.buses.at(0).to_bus.queue, 6U);
    EXPECT_FALSE(config.buses[0].to_bus.brs);
    EXPECT_EQ(config.buses[0].from_bus.queue, 7U);
}

TEST(DropIn, OverridesOneKeyOfABrokerAndItsTls) {
    const Config config = config_of(
        {R"({"brokers": {"default": {"url": "mqtts://a", "tls": {"ca_file": "/etc/mqttcan/ca"}}}, "buses": {"a":
{"topic": "can"}}})",
         R"({"brokers": {"default": {"url": "mqtts://b", "tls": {"insecure": true}}}})"});
    EXPECT_EQ(config.brokers.at(0).host, "b");
    EXPECT_EQ(config.brokers[0].tls, (Tls{"/etc/mqttcan/ca", "", "", true}));
}

TEST(DropIn, AddsBusesBehindThoseThatAreThere) {
    const Config config = config_of(
        {kBody, R"({"buses": {"a": {"topic": "a"}, "body": {"fd": false}}})",
         R"({"brokers": {"x": {}, "default": {}}, "buses": {"0": {"topic": "b", "broker": "x"}}})"});
    ASSERT_EQ(config.buses.size(), 3U);
    EXPECT_EQ(config.buses[0].name.str(), "body");
    EXPECT_EQ(config.buses[1].name.str(), "a");
    EXPECT_EQ(config.buses[2].name.str(), "0");
    EXPECT_EQ(config.brokers.size(), 2U);
}

TEST(DropIn, IsOverriddenByTheNextOne) {
    const Config config = config_of({kBody, R"({"buses": {"body": {"topic": "x", "interface": "x"}}})",
                                     R"({"buses": {"body": {"topic": "y"}}})"});
    EXPECT_EQ(config.buses.at(0).topic.str(), "y");
    EXPECT_EQ(config.buses[0].interface->str(), "x");
}

TEST(DropIn, RemovesWithNull) {
    EXPECT_EQ(config_of({kBody, R"({"buses": {"body": {"interface": null}}})"}).buses.at(0).interface,
              std::nullopt);
    EXPECT_EQ(config_of({kBody, R"({"buses": {"body": {"to_bus": null}}})"}).buses.at(0).to_bus, ToBus{});
    EXPECT_THAT(config_of({kBody, R"({"buses": {"body": null}})"}).buses, IsEmpty());
    EXPECT_THAT(
        config_of({R"({"brokers": {"x": {"url": "nonsense"}}, "buses": {}})", R"({"brokers": {"x": null}})"})
            .brokers,
        IsEmpty());
}

TEST(DropIn, DeclaresAnewWhatWasRemoved) {
    const Config config =
        config_of({kBody, R"({"buses": {"body": null}})", R"({"buses": {"body": {"topic": "new"}}})"});
    EXPECT_EQ(config.buses.at(0).topic.str(), "new");
    EXPECT_EQ(config.buses[0].interface, std::nullopt);
    EXPECT_EQ(config.buses[0].to_bus, ToBus{});
}

TEST(DropIn, CannotRemoveWhatNoFileSays) {
    EXPECT_THAT(
        faults_in({kBody, R"({"buses": {"bodi": null, "body": {"fd": null, "tpoic": null}}})"}),
        ElementsAre(
            "1:1:20: /buses/bodi: null removes what a file before this one says, but none says it; "
            "remove it, or write for example {\"topic\": \"can\"}",
            "1:1:41: /buses/body/fd: null removes what a file before this one says, but none says it; "
            "remove it, or write for example false",
            "1:1:47: /buses/body/tpoic: \"tpoic\" is not a key of a bus; did you mean \"topic\"?"));
}

TEST(DropIn, IsNamedInItsFaults) {
    EXPECT_THAT(faults_in({R"({"buses": {"a": {"topic": "a", "queue": 1}}})", R"({"buses": {
"a": {"interface": "/"},
"b": {}}})",
                           R"({"buses": {"b": {"topic": "#"}}})"}),
                ElementsAre(HasSubstr("/etc/mqttcan.json:1:32: /buses/a/queue: \"queue\" is not a key"),
                            HasSubstr("1:2:20: /buses/a/interface: interface name \"/\" holds a character"),
                            HasSubstr("2:1:27: /buses/b/topic: topic \"#\" holds a wildcard")));
}

TEST(DropIn, LetsAMissingKeyBeMissingWhereItsObjectIsDeclaredFirst) {
    EXPECT_THAT(faults_in({R"({"buses": {}})", R"({"buses":
{"a": {"interface": "x"}}})",
                           R"({"buses": {"a": {"interface": "y"}}})"}),
                ElementsAre("1:2:7: /buses/a/topic: \"topic\" is missing; add \"topic\": \"can\""));
}

TEST(DropIn, IsNamedInMessagesOfOtherFiles) {
    EXPECT_THAT(
        faults_in({R"({"buses": {"a": {"topic": "a", "interface": "x"}}})", R"({"buses":
{"b": {"topic": "b", "interface": "y"}}})",
                   R"({"buses": {"a": {"interface": "z"}, "c": {"topic": "c", "interface": "y"},
"d": {"topic": "d", "interface": "z"}}})"}),
        ElementsAre("2:1:70: /buses/c/interface: interface \"y\" belongs to bus \"b\" (line 2 of 1) already; "
                    "give each bus its own",
                    "2:2:34: /buses/d/interface: interface \"z\" belongs to bus \"a\" (line 1 of "
                    "/etc/mqttcan.json) already; give each bus its own"));
}

TEST(DropIn, HidesNothingIfItIsNoConfiguration) {
    EXPECT_THAT(faults_in({R"({"buses": {"a": 5}})", "[]", R"("x")"}),
                ElementsAre(HasSubstr("1:1:1: an array is not a configuration"),
                            HasSubstr("2:1:1: the string \"x\" is not a configuration")));
}

TEST(DropIn, IsReadToItsFaultsOfSyntaxWithTheOthers) {
    EXPECT_THAT(faults_in({R"({"buses": {"a": {"topc": "a"}},})", R"({"buses": {}})", R"({"buses": })"}),
                ElementsAre(HasSubstr("/etc/mqttcan.json:1:31: a comma stands before the closing"),
                            HasSubstr("2:1:11: a value is missing")));
}

TEST(DropIn, ReplacesAWrongValueWithARightOne) {
    EXPECT_EQ(config_of({R"({"buses": {"a": {"topic": 5, "to_bus": "no"}, "b": "x"}})",
                         R"({"buses": {"a": {"topic": "a", "to_bus": {}}, "b": {"topic": "b"}}})"})
                  .buses.size(),
              2U);
    EXPECT_THAT(
        faults_in({kBody, R"({"buses": {"body": {"to_bus": 5}}})"}),
        ElementsAre(HasSubstr("1:1:31: /buses/body/to_bus: the number 5 is not a \"to_bus\" object")));
}

/// A configuration on disk, with a folder of drop-ins.
class DropInFolder : public testing::Test {
  protected:
    DropInFolder() {
        std::string name = testing::TempDir() + "mqttcan-drop-in-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        std::filesystem::create_directory(folder_ / "c.d");
        write("c.json", R"({"buses": {"a": {"topic": "none"}}})");
    }
    ~DropInFolder() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, const std::string& content) const {
        std::ofstream(folder_ / name) << content;
    }
    void write_topic(const std::string& name, const std::string& topic) const {
        write(name, R"({"buses": {"a": {"topic": ")" + topic + "\"}}}");
    }
    Outcome loaded(const std::string& name = "c.json") const {
        return load(folder_ / name, system_environment());
    }
    std::string topic(const std::string& name = "c.json") const {
        const Outcome outcome = loaded(name);
        EXPECT_THAT(whole(outcome.faults), IsEmpty());
        return outcome.config ? outcome.config->buses.at(0).topic.str() : "";
    }

    std::filesystem::path folder_;
};

TEST_F(DropInFolder, MayBeEmptyOrMissing) {
    EXPECT_EQ(topic(), "none");
    std::filesystem::remove(folder_ / "c.d");
    EXPECT_EQ(topic(), "none");
}

TEST_F(DropInFolder, IsReadInTheByteOrderOfNames) {
    write_topic("c.d/10.json", "ten");
    write_topic("c.d/9.json", "nine");
    EXPECT_EQ(topic(), "nine");
    write_topic("c.d/a.json", "small");
    write_topic("c.d/Z.json", "capital");
    EXPECT_EQ(topic(), "small");
    write_topic("c.d/\xc3\xa4.json", "umlaut");
    EXPECT_EQ(topic(), "umlaut");
}

TEST_F(DropInFolder, MayHoldFilesThatDoNotCount) {
    write("c.d/.hidden.json", "{");
    write("c.d/10.json~", "{");
    write("c.d/10.json.dpkg-old", "{");
    write("c.d/README", "{");
    EXPECT_EQ(topic(), "none");
}

TEST_F(DropInFolder, IsCalledAfterTheFile) {
    write_topic("etc.conf", "plain");
    std::filesystem::create_directory(folder_ / "etc.conf.d");
    write_topic("etc.conf.d/1.json", "dropped in");
    EXPECT_EQ(topic("etc.conf"), "dropped in");
}

TEST_F(DropInFolder, LeavesRelativePathsToTheFolderOfTheConfiguration) {
    write("pw", "secret\n");
    write("c.d/1.json", R"({"brokers": {"default": {"username": "u", "password_file": "pw"}}})");
    const Outcome outcome = loaded();
    EXPECT_THAT(whole(outcome.faults), IsEmpty());
    ASSERT_TRUE(outcome.config);
    EXPECT_EQ(outcome.config->brokers.at(0).password_file, folder_ / "pw");
}

TEST_F(DropInFolder, NamesItsFilesInFaults) {
    write("c.d/1.json", "{\n");
    EXPECT_THAT(whole(loaded().faults),
                ElementsAre(testing::StartsWith((folder_ / "c.d/1.json:2:1: ").string())));
}

TEST_F(DropInFolder, CannotStandInForTheConfiguration) {
    write_topic("c.d/1.json", "x");
    write("c.d/2.json", "{");
    std::filesystem::remove(folder_ / "c.json");
    EXPECT_THAT(
        whole(loaded().faults),
        ElementsAre(HasSubstr("c.json: cannot be read (No such file or directory); write one; the smallest"),
                    HasSubstr("c.d/2.json:1:2: ")));
}

TEST_F(DropInFolder, MustHoldFilesThatCanBeRead) {
    std::filesystem::create_directory(folder_ / "c.d/1.json");
    std::filesystem::create_symlink("nowhere", folder_ / "c.d/2.json");
    EXPECT_THAT(
        whole(loaded().faults),
        ElementsAre(HasSubstr("c.d/1.json: cannot be read (Is a directory); move it out of the folder of "
                              "drop-ins"),
                    HasSubstr("c.d/2.json: cannot be read (No such file or directory); make what the "
                              "link points to, or remove the link")));
}

TEST_F(DropInFolder, MustBeAFolder) {
    std::filesystem::remove(folder_ / "c.d");
    write("c.d", "");
    EXPECT_THAT(
        whole(loaded().faults),
        ElementsAre((folder_ / "c.d").string() +
                    ": cannot be read (Not a directory); drop-ins stand in a folder of this name: move it "
                    "away"));
}

}  // namespace
}  // namespace mqttcan::config::test
