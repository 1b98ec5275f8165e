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
