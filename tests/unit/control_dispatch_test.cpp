// SPDX-License-Identifier: MIT
#include "daemon/control/dispatch.hpp"

#include <gmock/gmock.h>

#include <optional>

#include "control_conversation.hpp"
#include "daemon/control/interface.hpp"

namespace mqttcan::control::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Dispatch : public testing::Test {
  protected:
    /// The reply's text; none if the request is no Varlink call.
    std::optional<std::string> raw(std::string_view text) {
        int replies = 0;
        std::string reply;
        const bool is_call = dispatch(text, handler_, "1.2.3", [&](std::string got) {
            ++replies;
            reply = std::move(got);
        });
        EXPECT_EQ(replies, is_call && !handler_.later ? 1 : 0);
        return is_call ? std::optional(reply) : std::nullopt;
    }
    json answer(const std::string& text) { return json::parse(raw(text).value_or("")); }
    json error(std::string_view name, const json& parameters) {
        return {{"error", name}, {"parameters", parameters}};
    }

    FakeHandler handler_;
};

TEST_F(Dispatch, TellsWhoAnswersAndWhichInterfacesThereAre) {
    const json info = answer(request("org.varlink.service.GetInfo"))["parameters"];
    EXPECT_EQ(info["vendor"], "mqttcan");
    EXPECT_EQ(info["product"], "mqttcand");
    EXPECT_EQ(info["version"], "1.2.3");
    EXPECT_TRUE(info["url"].is_string());
    EXPECT_EQ(info["interfaces"], json::array({"org.mqttcan", "org.varlink.service"}));
}

TEST_F(Dispatch, ServesTheDescriptionOfEachInterface) {
    for (const Interface& interface : interfaces()) {
        const json reply =
            answer(request("org.varlink.service.GetInterfaceDescription", {{"interface", interface.name}}));
        EXPECT_EQ(reply["parameters"]["description"], interface.description);
    }
    EXPECT_EQ(answer(request("org.varlink.service.GetInterfaceDescription", {{"interface", "org.other"}})),
              error("org.varlink.service.InterfaceNotFound", {{"interface", "org.other"}}));
}

TEST_F(Dispatch, AnswersAReloadThatIsDoneWithNothing) {
    EXPECT_EQ(raw(request("org.mqttcan.Reload")), R"({"parameters":{}})");
    EXPECT_EQ(raw(R"({"method":"org.mqttcan.Reload"})"), R"({"parameters":{}})") << "parameters are optional";
    EXPECT_EQ(raw(R"({"method":"org.mqttcan.Reload","parameters":null})"), R"({"parameters":{}})");
    EXPECT_EQ(handler_.reloads, 3);
}

TEST_F(Dispatch, AnswersAReloadOfABadConfigurationWithItsFaults) {
    handler_.result = Faults{{"a.json:1:1: \"x\"", "not UTF-8: \xff"}};
    EXPECT_EQ(answer(request("org.mqttcan.Reload")),
              error("org.mqttcan.InvalidConfiguration",
                    {{"faults", {"a.json:1:1: \"x\"", "not UTF-8: \xef\xbf\xbd"}}}));
}

TEST_F(Dispatch, AnswersAReloadThatFailedWithTheReason) {
    handler_.result = Failure{"it is stopping"};
    EXPECT_EQ(answer(request("org.mqttcan.Reload")),
              error("org.mqttcan.Failed", {{"reason", "it is stopping"}}));
}

TEST_F(Dispatch, TellsTheStatusOfAllBusesOrOfOneWithItsBroker) {
    const json all = answer(request("org.mqttcan.GetStatus"))["parameters"];
    EXPECT_EQ(all["version"], "1.2.3");
    EXPECT_EQ(all["buses"].size(), 2);
    handler_.now.brokers.push_back({.name = "another", .url = "", .client_id = ""});
    for (const char* named : {"engine", "can0"}) {
        const json one = answer(request("org.mqttcan.GetStatus", {{"bus", named}}))["parameters"];
        ASSERT_EQ(one["buses"].size(), 1) << named;
        EXPECT_EQ(one["buses"][0]["name"], "engine");
        ASSERT_EQ(one["brokers"].size(), 1);
        EXPECT_EQ(one["brokers"][0]["name"], "default");
    }
    EXPECT_EQ(answer(request("org.mqttcan.GetStatus", {{"bus", "x"}})),
              error("org.mqttcan.NoSuchBus", {{"bus", "x"}, {"known", {"engine", "van"}}}));
    EXPECT_EQ(answer(request("org.mqttcan.GetStatus", {{"bus", 1}})),
              error("org.varlink.service.InvalidParameter", {{"parameter", "bus"}}));
}

TEST_F(Dispatch, SaysThatTheStatusOfTooManyBusesNeedsMoreThanOneAnswer) {
    handler_.now.buses.assign(4'000, handler_.now.buses.front());
    EXPECT_EQ(answer(request("org.mqttcan.GetStatus"))["error"], "org.mqttcan.Failed");
}

TEST_F(Dispatch, CountsThePeersOfABus) {
    EXPECT_EQ(raw(request("org.mqttcan.CountPeers", {{"bus", "body"}})), R"({"parameters":{}})");
    EXPECT_EQ(handler_.counted, "body");
    handler_.count_result = PeerCount(3);
    EXPECT_EQ(raw(request("org.mqttcan.CountPeers", {{"bus", "body"}})), R"({"parameters":{"peers":3}})");
    handler_.count_result = NoSuchBus{{"engine"}};
    EXPECT_EQ(answer(request("org.mqttcan.CountPeers", {{"bus", "body"}}))["error"], "org.mqttcan.NoSuchBus");
}

TEST_F(Dispatch, DropsAndResumesABus) {
    EXPECT_EQ(raw(request("org.mqttcan.Drop", {{"bus", "body"}})), R"({"parameters":{}})");
    EXPECT_EQ(handler_.switched, "body down");
    EXPECT_EQ(raw(request("org.mqttcan.Resume", {{"bus", "body"}})), R"({"parameters":{}})");
    EXPECT_EQ(handler_.switched, "body up");
    handler_.switch_result = NoSuchBus{{"a", "b"}};
    EXPECT_EQ(answer(request("org.mqttcan.Drop", {{"bus", "x"}})),
              error("org.mqttcan.NoSuchBus", {{"bus", "x"}, {"known", {"a", "b"}}}));
    handler_.switch_result = Failure{"it is stopping"};
    EXPECT_EQ(answer(request("org.mqttcan.Drop", {{"bus", "x"}}))["parameters"]["reason"], "it is stopping");
}

TEST_F(Dispatch, TellsTheLinesOfTheLog) {
    handler_.log = {.last = 7,
                    .missed = 2,
                    .lines = {{.number = 7,
                               .time = WallTime(std::chrono::microseconds(5)),
                               .severity = Severity::warning,
                               .bus = "body",
                               .interface = "vcan0",
                               .message = "gone \xff"}}};
    const json reply = answer(request("org.mqttcan.GetLog", {{"after", 4}}))["parameters"];
    EXPECT_EQ(handler_.after, 4U);
    EXPECT_EQ(reply, json::parse(R"({"last": 7, "missed": 2, "lines": [{"number": 7, "time_us": 5,
        "severity": "warning", "bus": "body", "interface": "vcan0", "message": "gone \ufffd"}]})"));
    answer(request("org.mqttcan.GetLog"));
    EXPECT_FALSE(handler_.after);
    EXPECT_EQ(answer(request("org.mqttcan.GetLog", {{"after", -1}})),
              error("org.varlink.service.InvalidParameter", {{"parameter", "after"}}));
}

TEST_F(Dispatch, KeepsTheNewestLinesWhereNotAllFitInAReply) {
    handler_.log.last = 1000;
    for (std::uint64_t number = 1; number <= 1000; ++number) {
        handler_.log.lines.push_back({.number = number,
                                      .time = {},
                                      .severity = Severity::info,
                                      .bus = {},
                                      .interface = {},
                                      .message = std::string(1000, 'x')});
    }
    const json reply = answer(request("org.mqttcan.GetLog", {{"after", 0}}))["parameters"];
    EXPECT_EQ(reply["lines"].back()["number"], 1000);
    EXPECT_GT(reply["missed"], 900);
    EXPECT_EQ(reply["missed"].get<std::size_t>() + reply["lines"].size(), 1000);
}

TEST_F(Dispatch, SetsTheLevelOfTheLog) {
    EXPECT_EQ(raw(request("org.mqttcan.SetLogLevel", {{"lowest", "debug"}})), R"({"parameters":{}})");
    EXPECT_EQ(handler_.lowest, Severity::debug);
    EXPECT_EQ(answer(request("org.mqttcan.SetLogLevel", {{"lowest", "loud"}})),
              error("org.varlink.service.InvalidParameter", {{"parameter", "lowest"}}));
}

TEST_F(Dispatch, CountsTheFaultsThatDoNotFitInAReply) {
    Faults many;
    for (int i = 0; i < 100'000; ++i) {
        many.list.push_back("/etc/mqttcan.json:1:1: \x01 fault " + std::to_string(i));
    }
    handler_.result = many;
    const std::string reply = raw(request("org.mqttcan.Reload")).value();
    EXPECT_LE(reply.size(), kLongestReply);
    const json faults = json::parse(reply)["parameters"]["faults"];
    EXPECT_EQ(faults[0], many.list[0]);
    EXPECT_EQ(faults.back(), "and " + std::to_string(100'001 - faults.size()) +
                                 " more faults; mqttcan check names them all");
    handler_.result = Faults{std::vector<std::string>(500'000)};
    EXPECT_LE(raw(request("org.mqttcan.Reload"))->size(), kLongestReply);
    handler_.result = Faults{{std::string(1 << 20, '\x01')}};
    EXPECT_LE(raw(request("org.mqttcan.Reload"))->size(), kLongestReply);
    handler_.result = Failure{std::string(1 << 20, '\x01')};
    EXPECT_LE(raw(request("org.mqttcan.Reload"))->size(), kLongestReply);
}

TEST_F(Dispatch, NamesAnUnknownInterfaceAndAnUnknownMethod) {
    EXPECT_EQ(answer(request("org.other.Reload")),
              error("org.varlink.service.InterfaceNotFound", {{"interface", "org.other"}}));
    EXPECT_EQ(answer(request("org.mqttcan.Explode")),
              error("org.varlink.service.MethodNotFound", {{"method", "org.mqttcan.Explode"}}));
    EXPECT_EQ(answer(request("org.mqttcan.reload")),
              error("org.varlink.service.MethodNotFound", {{"method", "org.mqttcan.reload"}}));
    EXPECT_EQ(answer(request("Reload")),
              error("org.varlink.service.InvalidParameter", {{"parameter", "method"}}));
}

TEST_F(Dispatch, NamesAParameterThatIsMissingUnknownOrOfTheWrongType) {
    const std::string method = "org.varlink.service.GetInterfaceDescription";
    const json wrong = error("org.varlink.service.InvalidParameter", {{"parameter", "interface"}});
    EXPECT_EQ(answer(request(method)), wrong);
    EXPECT_EQ(answer(request(method, {{"interface", 1}})), wrong);
    EXPECT_EQ(answer(request(method, {{"interface", nullptr}})), wrong);
    EXPECT_EQ(answer(request(method, {{"interface", "org.mqttcan"}, {"colour", "red"}})),
              error("org.varlink.service.InvalidParameter", {{"parameter", "colour"}}));
    EXPECT_EQ(answer(request("org.mqttcan.Reload", {{"now", true}})),
              error("org.varlink.service.InvalidParameter", {{"parameter", "now"}}));
    EXPECT_EQ(handler_.reloads, 0);
}

TEST_F(Dispatch, GivesACallThatWantsMoreItsOneReply) {
    EXPECT_EQ(raw(R"({"method":"org.mqttcan.Reload","more":true})"), R"({"parameters":{}})");
}

TEST_F(Dispatch, DoesWhatAOneWayCallSaysAndIsSilent) {
    EXPECT_EQ(raw(R"({"method":"org.mqttcan.Reload","oneway":true})"), "");
    EXPECT_EQ(handler_.reloads, 1);
    EXPECT_EQ(raw(R"({"method":"org.mqttcan.Explode","oneway":true})"), "");
}

TEST_F(Dispatch, UpgradesNoConnection) {
    EXPECT_EQ(answer(R"({"method":"org.mqttcan.Reload","upgrade":true})"),
              error("org.varlink.service.MethodNotImplemented", {{"method", "org.mqttcan.Reload"}}));
    EXPECT_EQ(handler_.reloads, 0);
}

TEST_F(Dispatch, IgnoresExtensionsOfOthers) {
    EXPECT_EQ(raw(R"({"method":"org.mqttcan.Reload","com.example":{"trace":1}})"), R"({"parameters":{}})");
}

TEST_F(Dispatch, DoesNotAnswerWhatIsNoVarlink) {
    for (const char* text :
         {"", "GET / HTTP/1.1", "[]", "null", "{}", R"({"method":1})", R"({"method":null})",
          R"({"method":"org.mqttcan.Reload","parameters":[]})", R"({"method":"org.mqttcan.Reload")",
          R"({"method":"org.mqttcan.Reload","oneway":1})", "{\"method\":\"\xff\"}",
          R"({"method":"org.mqttcan.Reload","oneway":true,"more":true})",
          R"({"method":"org.mqttcan.Reload"}{"method":"org.mqttcan.Reload"})"}) {
        EXPECT_EQ(raw(text), std::nullopt) << text;
    }
    EXPECT_EQ(handler_.reloads, 0);
}

TEST_F(Dispatch, BoundsHowDeepARequestIs) {
    const auto nested = [](std::size_t depth) {
        return R"({"method":"org.mqttcan.Reload","parameters":{"x":)" + std::string(depth, '[') +
               std::string(depth, ']') + "}}";
    };
    EXPECT_EQ(answer(nested(kDeepestJson - 2)),
              error("org.varlink.service.InvalidParameter", {{"parameter", "x"}}));
    EXPECT_EQ(raw(nested(kDeepestJson - 1)), std::nullopt);
    EXPECT_EQ(raw(std::string(kLongestRequest, '[')), std::nullopt);
    EXPECT_THAT(
        raw(R"({"method":"org.mqttcan.x)" + std::string(100, '[') + "\\\"" + std::string(100, '{') + R"("})")
            .value(),
        HasSubstr("MethodNotFound"))
        << "brackets in a string do not nest";
}

}  // namespace
}  // namespace mqttcan::control::test
