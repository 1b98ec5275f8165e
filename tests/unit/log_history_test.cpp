// SPDX-License-Identifier: MIT
#include "base/log_history.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace mqttcan {
namespace {

struct Written final : LogSink {
    explicit Written(std::vector<std::string>& into) : lines(into) {}
    void write(const LogRecord& record) override { lines.emplace_back(record.message); }
    std::vector<std::string>& lines;
};

class ALogHistory : public testing::Test {
  protected:
    std::vector<std::string> written_;
    LogHistory history_{std::make_unique<Written>(written_), Severity::info};
    Log log_{history_, "body", "vcan0"};
};

TEST_F(ALogHistory, PassesOnAndRemembersWhatIsNotBelowItsLevel) {
    log_.debug("unheard");
    log_.info("heard");
    EXPECT_EQ(written_, std::vector<std::string>{"heard"});
    ASSERT_EQ(history_.lines().size(), 1U);
    const LogLine& line = history_.lines().front();
    EXPECT_EQ(line.number, 1U);
    EXPECT_EQ(line.severity, Severity::info);
    EXPECT_EQ(line.bus, "body");
    EXPECT_EQ(line.interface, "vcan0");
    EXPECT_EQ(line.message, "heard");
}

TEST_F(ALogHistory, ChangesItsLevel) {
    history_.set_lowest(Severity::debug);
    log_.debug("heard");
    history_.set_lowest(Severity::error);
    log_.warning("unheard");
    EXPECT_EQ(written_, std::vector<std::string>{"heard"});
}

TEST_F(ALogHistory, ForgetsTheOldestLines) {
    for (std::size_t i = 0; i < LogHistory::kLines + 3; ++i) {
        log_.info(i);
    }
    EXPECT_EQ(history_.lines().size(), LogHistory::kLines);
    EXPECT_EQ(history_.lines().front().number, 4U);
    EXPECT_EQ(history_.last(), LogHistory::kLines + 3);
}

TEST_F(ALogHistory, TellsOfEachLine) {
    int lines = 0;
    history_.set_listener([&] { ++lines; });
    log_.info("one");
    log_.debug("not one");
    history_.set_listener(nullptr);
    log_.info("two");
    EXPECT_EQ(lines, 1);
}

}  // namespace
}  // namespace mqttcan
