// SPDX-License-Identifier: MIT
// The keys of a broker entry: every fault they can have, and what becomes of right ones.
#include <gmock/gmock.h>

#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Broker broker_of(const std::string& members) {
    const Outcome outcome =
        parsed("{\"buses\": {\"a\": {\"topic\": \"can\"}}, \"brokers\": {\"default\": {" + members + "}}}");
    EXPECT_THAT(written_out(outcome.faults), IsEmpty());
    return outcome.config ? outcome.config->brokers.at(0) : Broker{.name = *EntryName::parse("none")};
}

TEST(Broker, TakesEveryKey) {
    const Broker broker = broker_of(R"("url": "mqtts://broker.example.com", "client_id": "gw-{hostname}",
        "username": "gateway-7", "password_file": "/etc/mqttcan/password",
        "tls": {"ca_file": "mqttcan/ca.pem", "cert_file": "mqttcan/../mqttcan/c.pem", "key_file": "/etc/mqttcan/c.key"},
        "status_topic": "gw/{machine_id}", "tick": "500ms", "keep_alive": "1min", "reconnect_max": "1.5s",
        "limits": {"messages_per_second": 5, "bytes_per_second": 1e4})");
    EXPECT_EQ(broker.host, "broker.example.com");
    EXPECT_EQ(broker.port, 8883);
    EXPECT_EQ(broker.client_id, "gw-box");
    EXPECT_EQ(broker.username, "gateway-7");
    EXPECT_EQ(broker.password, std::nullopt);
    EXPECT_EQ(broker.password_file, "/etc/mqttcan/password");
    EXPECT_EQ(broker.tls, (Tls{"/etc/mqttcan/ca.pem", "/etc/mqttcan/c.pem", "/etc/mqttcan/c.key", false}));
    EXPECT_EQ(broker.status_topic, "gw/0123abcd");
    EXPECT_EQ(broker.tick, std::chrono::milliseconds(500));
    EXPECT_EQ(broker.keep_alive, std::chrono::seconds(60));
    EXPECT_EQ(broker.reconnect_max, std::chrono::milliseconds(1500));
    EXPECT_EQ(broker.limits, (Limits{.messages_per_second = 5, .bytes_per_second = 10'000}));
}

TEST(Broker, IsOnThisMachineUnlessSaidOtherwise) {
    const Broker broker = broker_of("");
    EXPECT_EQ(broker.host, "127.0.0.1");
    EXPECT_EQ(broker.port, 1883);
    EXPECT_EQ(broker.tls, std::nullopt);
    EXPECT_EQ(broker.status_topic, std::nullopt);
    EXPECT_EQ(broker.limits, Limits{});
}

TEST(Broker, UsesTlsWhenTheUrlSaysSo) {
    EXPECT_EQ(broker_of(R"("url": "mqtts://h")").tls, Tls{});
    EXPECT_EQ(broker_of(R"("url": "ssl://h", "tls": {})").tls, Tls{});
    EXPECT_EQ(broker_of(R"("url": "tcp://h")").tls, std::nullopt);
}

TEST(Broker, MayHaveNoStatusAndAnEmptyPassword) {
    EXPECT_EQ(broker_of(R"("status_topic": "")").status_topic, "");
    EXPECT_EQ(broker_of(R"("username": "u", "password": "")").password, "");
}

TEST(Broker, SaysWhatIsWrongWithItsUrl) {
    EXPECT_THAT(
        broker_faults(R"("url": "broker")"),
        ElementsAre(
            "2:9: /brokers/default/url: \"broker\" has no scheme; write mqtts:// (TLS) or mqtt:// before "
            "it, for example \"mqtts://broker.example.com\""));
    EXPECT_THAT(broker_faults(R"("url": 1883)"),
                ElementsAre("2:9: /brokers/default/url: the number 1883 is not a string; write for example "
                            "\"mqtts://broker.example.com:8883\""));
}

TEST(Broker, SaysWhatIsWrongWithItsClientId) {
    EXPECT_THAT(
        broker_faults(R"("client_id": "a/b")"),
        ElementsAre(
            "2:15: /brokers/default/client_id: \"a/b\" may not hold '/', '+' or '#', because the client "
            "id stands in topics; use '-' or '_'"));
    EXPECT_THAT(
        broker_faults("\"client_id\": \"" + std::string(129, 'x') + "\""),
        ElementsAre(
            "2:15: /brokers/default/client_id: this client id has 129 bytes; at most 128 are allowed"));
    EXPECT_THAT(
        broker_faults(R"("client_id": "gw-{host}")"),
        ElementsAre("2:15: /brokers/default/client_id: \"{host}\" is not a placeholder; those known are "
                    "{hostname} and {machine_id}, and braces are for nothing else"));
    EXPECT_THAT(
        broker_faults(R"("client_id": "")"),
        ElementsAre(
            "2:15: /brokers/default/client_id: this is empty; write for example \"gw-{hostname}\", or "
            "leave \"client_id\" out"));
    EXPECT_THAT(
        broker_faults(R"("client_id": "a\u001b[2J")"),
        ElementsAre(
            "2:15: /brokers/default/client_id: this string holds a control character, which MQTT does "
            "not allow; remove it"));
}

TEST(Broker, WantsOnePasswordAndAUserName) {
    EXPECT_THAT(
        broker_faults(R"("username": "u", "password": "p", "password_file": "/etc/mqttcan/p")"),
        ElementsAre(
            "2:36: /brokers/default/password_file: there is a \"password\" already (line 2); remove one "
            "of the two"));
    EXPECT_THAT(
        broker_faults(
            R"("username": "u", "password_credential": "password", "password": "p", "password_file": "/etc/mqttcan/p")"),
        ElementsAre(HasSubstr("/brokers/default/password_credential: there is a \"password\" already"),
                    HasSubstr("/brokers/default/password_file: there is a \"password\" already")));
    for (const char* password : {R"("password": "p")", R"("password_file": "/etc/mqttcan/p")",
                                 R"("password_credential": "password")"}) {
        EXPECT_THAT(broker_faults(password),
                    ElementsAre(HasSubstr("a password without a user name is not allowed in "
                                          "MQTT 3.1.1; add \"username\"")));
    }
}

TEST(Broker, NeverRepeatsAPassword) {
    EXPECT_THAT(
        broker_faults(R"("username": "u", "password": 1234)"),
        ElementsAre("2:31: /brokers/default/password: this is not a string; write for example \"correct "
                    "horse\""));
}

TEST(Broker, TakesACredentialOfTheServiceForThePassword) {
    const Broker broker = broker_of(R"("username": "u", "password_credential": "password")");
    EXPECT_EQ(broker.password_credential, "password");
    EXPECT_EQ(broker.password_file, "/run/credentials/password");
}

TEST(Broker, SaysHowTheServiceGetsACredential) {
    const std::string why =
        R"(2:42: /brokers/default/password_credential: the service was started without a credential "secret"; )"
        "add LoadCredential=secret:FILE to its [Service] (systemctl edit mqttcan) and restart it";
    const std::string members = R"("username": "u", "password_credential": "secret")";
    EXPECT_THAT(broker_faults(members), ElementsAre(why));
    const std::string whole =
        "{\"buses\": {\"a\": {\"topic\": \"can\"}}, \"brokers\": {\"default\":\n{" + members + "}}}";
    Environment shell = machine();
    shell.credentials = "";
    EXPECT_THAT(written_out(parse(whole, "/etc/mqttcan.json", shell).faults), ElementsAre(why));
    shell.credentials.reset();
    const Outcome unknown = parse(whole, "/etc/mqttcan.json", shell);
    ASSERT_TRUE(unknown.config) << "who only checks a file cannot know";
    EXPECT_EQ(unknown.config->brokers.at(0).password_credential, "secret");
}

TEST(Broker, RefusesACredentialThatIsAPath) {
    for (const std::string name : {"a/b", "..", "."}) {
        EXPECT_THAT(
            broker_faults(R"("username": "u", "password_credential": ")" + name + "\""),
            ElementsAre("2:42: /brokers/default/password_credential: \"" + name +
                        "\" is no name of a credential; write that of a LoadCredential= or SetCredential= of "
                        "the service, for example \"password\""));
    }
}

TEST(Broker, WantsFilesThatCanBeRead) {
    EXPECT_THAT(
        broker_faults(R"("username": "u", "password_file": "/root/p")"),
        ElementsAre(
            "2:36: /brokers/default/password_file: /root/p cannot be read (Permission denied); the "
            "daemon runs as user mqttcan: chgrp mqttcan /root/p && chmod g+r /root/p, and its folders "
            "need x"));
    EXPECT_THAT(
        broker_faults(
            R"("url": "mqtts://h", "tls": {"ca_file": "ca.pem", "cert_file": "/c", "key_file": "/k"})"),
        ElementsAre(
            "2:41: /brokers/default/tls/ca_file: /etc/ca.pem cannot be read (No such file or "
            "directory); write the path of a file that exists (a relative one begins at the folder of "
            "this configuration)",
            HasSubstr("/brokers/default/tls/cert_file: /c cannot be read"),
            HasSubstr("/brokers/default/tls/key_file: /k cannot be read")));
}

TEST(Broker, WantsAUrlForTlsIfThereAreTlsSettings) {
    EXPECT_THAT(
        broker_faults(R"("url": "mqtt://h", "tls": {})"),
        ElementsAre(
            "2:21: /brokers/default/tls: the URL is not one for TLS; write \"mqtts://...\" as \"url\" "
            "(line 2)"));
    EXPECT_THAT(
        broker_faults(R"("tls": {})"),
        ElementsAre(
            "2:2: /brokers/default/tls: the URL is not one for TLS; write \"mqtts://...\" as \"url\""));
    EXPECT_THAT(broker_faults(R"("url": "nonsense", "tls": {})"), ElementsAre(HasSubstr("/url: ")));
}

TEST(Broker, WantsBothFilesOfAClientCertificate) {
    EXPECT_THAT(
        broker_faults(R"("url": "mqtts://h", "tls": {"cert_file": "/etc/mqttcan/c"})"),
        ElementsAre("2:30: /brokers/default/tls/cert_file: a client certificate needs both its files; add "
                    "\"key_file\""));
    EXPECT_THAT(broker_faults(R"("url": "mqtts://h", "tls": {"key_file": "/etc/mqttcan/c"})"),
                ElementsAre(HasSubstr(
                    "/tls/key_file: a client certificate needs both its files; add \"cert_file\"")));
}

TEST(Broker, SaysWhatIsWrongWithItsStatusTopic) {
    EXPECT_THAT(
        broker_faults(R"("status_topic": "a/+")"),
        ElementsAre(
            "2:18: /brokers/default/status_topic: \"a/+\" holds a wildcard ('+' or '#'); name one topic"));
    EXPECT_THAT(
        broker_faults(R"("status_topic": "$SYS/a")"),
        ElementsAre("2:18: /brokers/default/status_topic: \"$SYS/a\" begins with '$', which brokers keep for "
                    "themselves"));
}

TEST(Broker, BoundsItsDurations) {
    EXPECT_THAT(
        broker_faults(R"("tick": "49ms", "keep_alive": "19h", "reconnect_max": "99999ms")"),
        ElementsAre(
            "2:10: /brokers/default/tick: \"49ms\" is out of bounds; write a duration from 50ms to 10s",
            "2:32: /brokers/default/keep_alive: \"19h\" is out of bounds; write a duration from 1s to "
            "18h"));
    EXPECT_THAT(
        broker_faults(R"("keep_alive": "1.5s")"),
        ElementsAre(
            "2:16: /brokers/default/keep_alive: \"1.5s\" is not a whole number of seconds, as MQTT wants "
            "it; write for example \"20s\""));
    EXPECT_THAT(
        broker_faults(R"("keep_alive": 20)"),
        ElementsAre("2:16: /brokers/default/keep_alive: the number 20 has no unit; write it with one, in "
                    "quotes, for example \"20s\""));
    EXPECT_THAT(
        broker_faults(R"("tick": "fast")"),
        ElementsAre(
            "2:10: /brokers/default/tick: \"fast\" is not a duration; write a number and its unit, for "
            "example \"500ms\" or \"2s\""));
    EXPECT_THAT(
        broker_faults(R"("tick": null)"),
        ElementsAre("2:10: /brokers/default/tick: null is not a duration; write for example \"400ms\""));
}

TEST(Broker, NamesTheNearestKey) {
    EXPECT_THAT(
        broker_faults(R"("passwort_file": "x", "tls_ca": "x")"),
        ElementsAre(
            "2:2: /brokers/default/passwort_file: \"passwort_file\" is not a key of a broker entry; did "
            "you mean \"password_file\"?",
            "2:24: /brokers/default/tls_ca: \"tls_ca\" is not a key of a broker entry; it may hold "
            "\"url\", \"client_id\", \"username\", \"password\", \"password_file\", \"password_credential\", "
            "\"tls\", "
            "\"status_topic\", \"tick\", \"keep_alive\", \"reconnect_max\" or \"limits\""));
    EXPECT_THAT(
        broker_faults(R"("url": "mqtts://h", "tls": {"cafile": "x"})"),
        ElementsAre(HasSubstr("\"cafile\" is not a key of a \"tls\" object; did you mean \"ca_file\"?")));
}

TEST(Broker, IsAnObjectWithAName) {
    EXPECT_THAT(
        faults_of(R"({"buses": {}, "brokers": []})"),
        ElementsAre(
            "1:26: /brokers: an array is not an object of broker entries; write for example {\"default\": "
            "{\"url\": \"mqtts://broker.example.com\"}}"));
    EXPECT_THAT(
        faults_of(R"({"buses": {}, "brokers": {"a": "mqtt://h"}})"),
        ElementsAre("1:32: /brokers/a: the string \"mqtt://h\" is not a broker entry; write for example "
                    "{\"url\": \"mqtts://broker.example.com\"}"));
    EXPECT_THAT(
        faults_of(R"({"buses": {}, "brokers": {"a b": {}}})"),
        ElementsAre("1:27: /brokers/a b: name \"a b\" may hold only letters, digits, '.', '_' and '-', and "
                    "begins with a letter or digit"));
}

TEST(BrokerWarning, SpeaksOfAnUnverifiedBroker) {
    EXPECT_THAT(
        warnings_of(R"({"buses": {"a": {"topic": "can"}},
                                "brokers": {"default": {"url": "mqtts://h", "tls": {"insecure": true}}}})"),
        ElementsAre(
            "2:97: /brokers/default/tls/insecure: the broker is not verified: whoever sits between can "
            "read and write the bus; give \"ca_file\" instead"));
}

TEST(BrokerWarning, SpeaksOfAPasswordThatTravelsInTheOpen) {
    const auto warnings = [](const std::string& url) {
        return warnings_of(R"({"buses": {"a": {"topic": "can"}}, "brokers": {"default": {"url": ")" + url +
                           R"(", "username": "u", "password": "p"}}})");
    };
    EXPECT_THAT(warnings("mqtt://broker.example.com"),
                ElementsAre("1:125: /brokers/default/password: it travels readable by everyone on the way to "
                            "broker.example.com; use mqtts:// where the broker can"));
    EXPECT_THAT(warnings("mqtt://127.0.0.1"), IsEmpty());
    EXPECT_THAT(warnings("mqtts://broker.example.com"), IsEmpty());
}

}  // namespace
}  // namespace mqttcan::config::test
