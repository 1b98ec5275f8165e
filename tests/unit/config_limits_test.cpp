// SPDX-License-Identifier: MIT
// What a connection may send: limits of a broker entry, and what they mean for its buses.
#include <gmock/gmock.h>

#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A bus made of `bus` on a broker entry made of `broker`: lines 3 and 2.
std::string file(const std::string& broker,
                 const std::string& bus = R"("topic": "can", "formats": ["stream"])") {
    return "{\"brokers\": {\"default\":\n{" + broker + "}},\n\"buses\": {\"a\": {" + bus + "}}}";
}

Limits limits_of(const std::string& members) {
    const Outcome outcome = parsed(file(members));
    EXPECT_THAT(written_out(outcome.faults), IsEmpty());
    EXPECT_THAT(written_out(outcome.warnings), IsEmpty());
    return outcome.config ? outcome.config->brokers.at(0).limits : Limits{};
}

TEST(Limits, AreOfMessagesOrBytesOrBoth) {
    EXPECT_EQ(limits_of(R"("limits": {"messages_per_second": 1000000})"),
              (Limits{.messages_per_second = 1'000'000}));
    EXPECT_EQ(limits_of(R"("limits": {"bytes_per_second": 1000})"), (Limits{.bytes_per_second = 1'000}));
    EXPECT_EQ(limits_of(R"("limits": {"messages_per_second": 10, "bytes_per_second": 2000})"),
              (Limits{.messages_per_second = 10, .bytes_per_second = 2'000}));
}

TEST(Limits, MayBeThoseOfAwsIotCore) {
    EXPECT_EQ(limits_of(R"("limits": "aws-iot-core")"),
              (Limits{.messages_per_second = 100, .bytes_per_second = 512'000}));
}

TEST(Limits, SayWhatIsWrongWithThem) {
    EXPECT_THAT(
        faults_of(file(R"("limits": {"messages_per_second": 0, "bytes_per_second": 999})")),
        ElementsAre(
            "2:36: /brokers/default/limits/messages_per_second: the number 0 is out of bounds; write one "
            "from 1 to 1000000",
            "2:59: /brokers/default/limits/bytes_per_second: the number 999 is out of bounds; write one "
            "from 1000 to 1000000000"));
    EXPECT_THAT(
        faults_of(file(R"("limits": {})")),
        ElementsAre("2:12: /brokers/default/limits: nothing is limited here; say \"messages_per_second\", "
                    "\"bytes_per_second\" or both, or leave \"limits\" out"));
    EXPECT_THAT(
        faults_of(file(R"("limits": 100)")),
        ElementsAre("2:12: /brokers/default/limits: the number 100 is not \"aws-iot-core\" or an object of "
                    "limits; write for example {\"messages_per_second\": 100}"));
    EXPECT_THAT(faults_of(file(R"("limits": "aws-iot")")),
                ElementsAre("2:12: /brokers/default/limits: \"aws-iot\" is not known here; write "
                            "\"aws-iot-core\""));
    EXPECT_THAT(
        faults_of(file(R"("limits": {"message_per_second": 100})")),
        ElementsAre("2:13: /brokers/default/limits/message_per_second: \"message_per_second\" is not a key "
                    "of a \"limits\" object; did you mean \"messages_per_second\"?"));
}

TEST(Limits, OfAwsIotCoreAreForTopicsToo) {
    const std::string preset = R"("limits": "aws-iot-core")";
    for (const std::string role : {"client", "server", "peer"}) {
        const std::string rest = R"(", "formats": ["stream"], "role": ")" + role + '"';
        EXPECT_THAT(faults_of(file(preset, R"("topic": "1/2/3/4)" + rest)), IsEmpty()) << role;
        EXPECT_THAT(
            faults_of(file(preset, R"("topic": "1/2/3/4/5)" + rest)),
            ElementsAre("3:26: /buses/a/topic: AWS IoT Core (line 2) takes 7 slashes in a topic, and "
                        "\"1/2/3/4/5/mqttcan/status/client/...\" has 8; shorten the topic to 4 levels"));
    }
    EXPECT_THAT(faults_of(file(R"("limits": {"messages_per_second": 100})",
                               R"("formats": ["stream"], "topic": "1/2/3/4/5")")),
                IsEmpty());
    EXPECT_THAT(faults_of(file(preset + R"(, "status_topic": "1/2/3/4/5/6/7/8")")), IsEmpty());
    EXPECT_THAT(
        faults_of(file(preset + R"(, "status_topic": "1/2/3/4/5/6/7/8/9")")),
        ElementsAre("2:44: /brokers/default/status_topic: AWS IoT Core (line 2) takes 7 slashes in a topic, "
                    "and this one has 8; shorten it"));
}

TEST(LimitsWarning, SpeaksOfAFormatThatCannotFitThem) {
    const auto warnings = [](const std::string& limits, const std::string& bus) {
        return warnings_of(file("\"limits\": " + limits, bus + R"("topic": "can")"));
    };
    const std::string end =
        ", the limit of broker \"default\" (line 2), will be dropped; use \"formats\": [\"stream\"]";
    EXPECT_THAT(
        warnings(R"("aws-iot-core")", ""),
        ElementsAre("3:16: /buses/a: format savvycan sends a message per frame: what exceeds 100 frames/s" +
                    end));
    EXPECT_THAT(
        warnings(R"({"messages_per_second": 50})",
                 R"("role": "server", "formats": ["stream", "savvycan"], )"),
        ElementsAre(
            "3:46: /buses/a/formats: format savvycan sends a message per frame: what exceeds 50 frames/s" +
            end));
    // A frame takes 36 bytes: header 4, topic can/s/291 with 9, message expiry 6, payload 17.
    EXPECT_THAT(warnings(R"({"bytes_per_second": 3600})", ""),
                ElementsAre(HasSubstr("exceeds 100 frames/s")));
    EXPECT_THAT(warnings(R"({"bytes_per_second": 3600, "messages_per_second": 300})", ""),
                ElementsAre(HasSubstr("exceeds 100 frames/s")));
    for (const std::string fits : {R"("formats": ["stream"], )", R"("role": "peer", )"}) {
        EXPECT_THAT(warnings(R"("aws-iot-core")", fits), IsEmpty());
    }
    EXPECT_THAT(warnings(R"("aws-iot-core")", R"("formats": ["stream", "savvycan"], )"),
                ElementsAre(HasSubstr("a client speaks one format")));
}

TEST(LimitsWarning, SpeaksOfATickThatAloneExceedsThem) {
    EXPECT_THAT(
        warnings_of(file(R"("limits": {"messages_per_second": 2})")),
        ElementsAre("2:36: /brokers/default/limits/messages_per_second: the tick alone, every 400ms, takes "
                    "more than that; write more, or a longer \"tick\""));
    EXPECT_THAT(warnings_of(file(R"("limits": {"messages_per_second": 3})")), IsEmpty());
    EXPECT_THAT(warnings_of(file(R"("tick": "500ms", "limits": {"messages_per_second": 2})")), IsEmpty());
}

}  // namespace
}  // namespace mqttcan::config::test
