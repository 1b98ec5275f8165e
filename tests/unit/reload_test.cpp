// SPDX-License-Identifier: MIT
#include "daemon/cli/reloader.hpp"

#include <gmock/gmock.h>

namespace mqttcan::cli {
namespace {

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
    EXPECT_TRUE(std::holds_alternative<control::Done>(reloader_.reload()));
    EXPECT_THAT(applied_, ElementsAre(0));
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

}  // namespace
}  // namespace mqttcan::cli
