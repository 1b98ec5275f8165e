// SPDX-License-Identifier: MIT
// Reload at both ends: what the daemon does when it is asked to, and the tool's command line.
#include "daemon/cli/reload.hpp"

#include <gmock/gmock.h>

#include "daemon/cli/reloader.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class RecordingLog final : public LogSink {
  public:
    void write(const LogRecord& record) override {
        lines.push_back(text(static_cast<int>(record.severity), ' ', record.message));
    }
    std::vector<std::string> lines;
};

class ReloaderTest : public testing::Test {
  protected:
    config::Outcome load() const {
        return config::parse(file_, "a.json", {.hostname = "box", .machine_id = "", .readable = {}});
    }
    Reloader::Apply apply() {
        return [this](const config::Config& config) { applied_.push_back(config.buses.size()); };
    }

    std::string file_;
    RecordingLog log_;
    std::vector<std::size_t> applied_;  ///< numbers of buses
    Reloader reloader_{[this] { return load(); }, apply(), [] { return std::string("summary"); }, Log(log_)};
};

TEST_F(ReloaderTest, AppliesAGoodConfigurationBeforeItAnswers) {
    file_ = R"({"buses": {}})";
    bool done = false;
    reloader_.reload([&](const control::ReloadResult& result) {
        EXPECT_THAT(applied_, ElementsAre(0));
        done = std::holds_alternative<control::Done>(result);
    });
    EXPECT_TRUE(done);
    EXPECT_THAT(log_.lines, ElementsAre("5 configuration reloaded"));
}

TEST_F(ReloaderTest, LeavesEverythingAsItWasWhenTheConfigurationIsBad) {
    file_ = "{\"busses\": {},\n\"x\": 1}";
    const auto result = reloader_.reload();
    EXPECT_TRUE(applied_.empty());
    std::vector<std::string> printed;  // as `mqttcan check` does
    std::vector<std::string> logged;
    for (const config::Fault& fault : load().faults) {
        printed.push_back(config::to_string(fault));
        logged.push_back("3 " + printed.back());
    }
    ASSERT_GE(printed.size(), 2U);
    EXPECT_EQ(std::get<control::Faults>(result).list, printed);
    ASSERT_EQ(log_.lines.size(), printed.size() + 1);
    EXPECT_THAT(log_.lines.back(), StartsWith("3 configuration unchanged"));
    log_.lines.pop_back();
    EXPECT_EQ(log_.lines, logged);
}

TEST_F(ReloaderTest, ReloadsNothingOnceTheDaemonStops) {
    file_ = R"({"buses": {}})";
    reloader_.stop();
    EXPECT_EQ(std::get<control::Failure>(reloader_.reload()).reason, "mqttcand is stopping");
    EXPECT_TRUE(applied_.empty());
}

TEST_F(ReloaderTest, SaysWhenThereIsNoFileToReadAgain) {
    Reloader from_stdin({}, apply(), [] { return std::string(); }, Log(log_));
    EXPECT_THAT(std::get<control::Failure>(from_stdin.reload()).reason, HasSubstr("standard input"));
    EXPECT_TRUE(applied_.empty());
}

Result<ReloadOptions> parse(std::vector<std::string> words, const char* environment = nullptr) {
    words.insert(words.begin(), "mqttcan");
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    return parse_reload(static_cast<int>(words.size()), pointers.data(), environment);
}

TEST(ReloadOptions, NameTheSocketOfTheServiceUnlessToldOtherwise) {
    EXPECT_EQ(parse({})->control, "/run/mqttcan/control");
    EXPECT_EQ(parse({}, "")->control, "/run/mqttcan/control");
    EXPECT_EQ(parse({}, "/tmp/a")->control, "/tmp/a");
    EXPECT_EQ(parse({"--control", "/tmp/b"}, "/tmp/a")->control, "/tmp/b");
}

TEST(ReloadOptions, HaveABoundedPatience) {
    EXPECT_EQ(parse({})->timeout, 30s);
    EXPECT_EQ(parse({"--timeout", "1.5min"})->timeout, 90s);
    for (const char* wrong : {"0s", "2h", "30", "-1s", "soon", ""}) {
        const auto options = parse({"--timeout", wrong});
        ASSERT_FALSE(options) << wrong;
        EXPECT_THAT(options.error().what, HasSubstr("--timeout")) << wrong;
    }
}

TEST(ReloadOptions, KnowWhatTheyDoNotKnow) {
    EXPECT_THAT(parse({"/etc/mqttcan.json"}).error().what, HasSubstr("started with"));
    EXPECT_FALSE(parse({"--now"}));
    EXPECT_TRUE(parse({"--help"})->help);
}

}  // namespace
}  // namespace mqttcan::cli
