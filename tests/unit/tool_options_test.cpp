// SPDX-License-Identifier: MIT
#include "daemon/cli/tool_options.hpp"

#include <gmock/gmock.h>

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr ToolCommand kPlain = {
    .name = "reload", .help = "", .patience = 30s, .why_no_more = ": the daemon reads its own file"};
constexpr ToolCommand kRich = {.name = "status",
                               .help = "",
                               .patience = 5s,
                               .operands = "a bus",
                               .fewest = 1,
                               .most = 1,
                               .json = true,
                               .watch = true,
                               .online = true};

Result<ToolOptions> parse(const ToolCommand& command, std::vector<std::string> words,
                          const char* environment = nullptr) {
    words.insert(words.begin(), "mqttcan");
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    return parse_tool(command, static_cast<int>(words.size()), pointers.data(), environment);
}

TEST(ToolOptions, NameTheSocketOfTheServiceUnlessToldOtherwise) {
    EXPECT_EQ(parse(kPlain, {})->control, "/run/mqttcan/control");
    EXPECT_EQ(parse(kPlain, {}, "")->control, "/run/mqttcan/control");
    EXPECT_EQ(parse(kPlain, {}, "/tmp/a")->control, "/tmp/a");
    EXPECT_EQ(parse(kPlain, {"--control", "/tmp/b"}, "/tmp/a")->control, "/tmp/b");
}

TEST(ToolOptions, HaveABoundedPatience) {
    EXPECT_EQ(parse(kPlain, {})->timeout, 30s);
    EXPECT_EQ(parse(kPlain, {"--timeout", "1.5min"})->timeout, 90s);
    for (const char* wrong : {"0s", "2h", "30", "-1s", "soon", ""}) {
        const auto options = parse(kPlain, {"--timeout", wrong});
        ASSERT_FALSE(options) << wrong;
        EXPECT_THAT(options.error().what, HasSubstr("--timeout")) << wrong;
    }
}

TEST(ToolOptions, CountPeersFromOneOn) {
    EXPECT_EQ(parse(kRich, {"a"})->peers, 0U);
    EXPECT_EQ(parse(kRich, {"a", "--peers", "2"})->peers, 2U);
    for (const char* wrong : {"0", "-1", "1001", "two", "2x", ""}) {
        EXPECT_THAT(parse(kRich, {"a", "--peers", wrong}).error().what, HasSubstr("from 1 to 1000")) << wrong;
    }
}

TEST(ToolOptions, WatchEverySecondUnlessToldOtherwise) {
    EXPECT_FALSE(parse(kRich, {"a"})->watch);
    EXPECT_EQ(parse(kRich, {"a", "--watch"})->watch, 1s);
    EXPECT_EQ(parse(kRich, {"--watch=200ms", "a"})->watch, 200ms);
    EXPECT_THAT(parse(kRich, {"--watch=1ms", "a"}).error().what, HasSubstr("at least 100ms"));
}

TEST(ToolOptions, TakeOperandsAmongOptions) {
    const auto options = parse(kRich, {"--json", "body", "--online"});
    EXPECT_THAT(options->operands, ElementsAre("body"));
    EXPECT_TRUE(options->json && options->online);
}

TEST(ToolOptions, KnowWhatTheyDoNotKnow) {
    EXPECT_THAT(parse(kPlain, {"/etc/x"}).error().what,
                AllOf(HasSubstr("\"/etc/x\""), HasSubstr("its own file")));
    EXPECT_THAT(parse(kRich, {}).error().what, HasSubstr("give a bus"));
    EXPECT_FALSE(parse(kPlain, {"--now"}));
    EXPECT_FALSE(parse(kPlain, {"--json"})) << "an option of another command";
    EXPECT_TRUE(parse(kRich, {"--help"})->help);
}

}  // namespace
}  // namespace mqttcan::cli
