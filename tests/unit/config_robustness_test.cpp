// SPDX-License-Identifier: MIT
// Damaged configurations: whatever the bytes, there is either a configuration or at least one fault, each
// with a place, and none with a control character. The random numbers are the same in every run.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

std::string example() {
    std::ifstream in(MQTTCAN_SOURCE_DIR "/config/mqttcan.json.example");
    std::ostringstream out;
    out << in.rdbuf();
    return std::move(out).str();
}

constexpr const char* kDense =
    R"({"$schema":"x","brokers":{"default":{"url":"mqtts://[::1]:1","client_id":"{hostname}",
"username":"u","password":"p","tls":{"insecure":true,"ca_file":"/etc/mqttcan/c"},"status_topic":"","tick":"1.5s",
"keep_alive":"1min","reconnect_max":"1h","limits":{"messages_per_second":5}},"l":{"limits":"aws-iot-core"}},"buses":{"a":{"interface":"can0","kind":"can","topic":"a/\u00e4/b","role":
"server","formats":["savvycan","stream"],"broker":"default","write":"all","accept_pymqtt2can_clients":false,"to_bus":{
"max_age":"3s","queue":1e3,"brs":false},"from_bus":{"max_age":"3s","queue":7,"error_frames":true}},/*c*/"b":{"topic":"b","fd":null,"on_stop":[0,-1.5]},
"v":{"kind":"vxcan","interface":"v","topic":"v","peer":{"interface":"can0","netns":"n"},"on_offline":"down","to_bus":{
"stall":"1s","filter":["123","120/7F0"]},"from_bus":{"filter":{"allow":["100-1FF"],"deny":["18FEF100"]},"sample":[{"ids":[
"1"],"interval":"1s","on_change":true}]}},"h":{"kind":"can","match":{"serial":"1","path":"p"},"topic":"h","bitrate":"83.3k",
"sample_point":0.8,"fd":true,"data_bitrate":2e6,"restart":"never","termination":true,"tx_queue_length":9},"s":{"kind":
"slcan","interface":"s","device":"/dev/t","bitrate":500000,"topic":"s"},"p":{"topic":"p",
"role":"peer","formats":["stream"],"from_bus":{"heartbeat":"0s","linger":"1s","urgent":["7"]}}}})";

constexpr const char* kDropIn =
    R"({"brokers":{"default":{"tls":null}},"buses":{"a":null,"v":{"peer":{"netns":null,"pid":7},"from_bus":{"queue":5,
"sample":[]}},"n":{"topic":"n"}}})";

void expect_sane(const Outcome& outcome, const std::string& text) {
    ASSERT_EQ(outcome.config.has_value(), outcome.faults.empty()) << text;
    for (const auto* list : {&outcome.faults, &outcome.warnings}) {
        for (const Fault& fault : *list) {
            ASSERT_GE(fault.line, 1) << text;
            ASSERT_GE(fault.column, 1) << text;
            ASSERT_FALSE(fault.what.empty()) << text;
            ASSERT_TRUE(is_mqtt_string(to_string(fault))) << text;
        }
    }
}

void expect_sane(const std::string& text) {
    expect_sane(parsed(text), text);
}

TEST(DamagedFile, IsRefusedWhereverItIsCutOff) {
    for (const std::string& whole : {example(), std::string(kDense)}) {
        ASSERT_FALSE(whole.empty());
        for (std::size_t length = 0; length < whole.size(); ++length) {
            expect_sane(whole.substr(0, length));
        }
    }
}

TEST(DamagedFile, NeverCrashesWithAByteChanged) {
    std::mt19937 random(1);
    const std::string whole = kDense;
    for (std::size_t place = 0; place < whole.size(); ++place) {
        for (const char byte :
             {'\0', '"', '\\', '{', '}', '[', ']', ',', ':', '/', '*', '-', '\n', '\xff', '\xc3'}) {
            std::string damaged = whole;
            damaged[place] = byte;
            expect_sane(damaged);
        }
        std::string damaged = whole;
        damaged[place] = static_cast<char>(random());
        expect_sane(damaged);
    }
}

TEST(DamagedFile, NeverCrashesWithPiecesRemovedDoubledAndSwapped) {
    std::mt19937 random(2);
    const std::string whole = kDense;
    const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % bound; };
    for (int round = 0; round < 2'000; ++round) {
        std::string damaged = whole;
        for (int step = 0; step < 3; ++step) {
            const std::string piece = damaged.substr(below(damaged.size()), below(40));
            damaged.erase(below(damaged.size()), below(20));
            damaged.insert(below(damaged.size() + 1), piece);
        }
        expect_sane(damaged);
    }
}

TEST(DamagedDropIn, NeverCrashesWhateverIsBelowIt) {
    const std::string whole = kDropIn;
    for (std::size_t place = 0; place < whole.size(); ++place) {
        for (const char byte : {'"', '{', '}', '[', ']', ',', ':', '0', ' '}) {
            std::string damaged = whole;
            damaged[place] = byte;
            const Source sources[] = {{"main", kDense}, {"1", damaged}, {"2", kDropIn}, {"3", damaged}};
            expect_sane(parse(sources, machine()), damaged);
        }
    }
}

TEST(LargeFile, IsReadInReasonableTime) {
    std::string many = "{\"buses\": {";
    for (int i = 0; i < 10'000; ++i) {
        many += "\"b" + std::to_string(i) + "\": {\"topic\": \"t" + std::to_string(i % 9'999) +
                "\", \"x\": 1},\n";
    }
    many += "\"z\": {\"topic\": \"z\"}}}";
    EXPECT_EQ(faults_of(many).size(), 10'001U);
    std::string zeros = "[0";
    for (int i = 0; i < 300'000; ++i) {
        zeros += ",0";
    }
    EXPECT_EQ(faults_of(zeros + "]").size(), 1U);
}

}  // namespace
}  // namespace mqttcan::config::test
