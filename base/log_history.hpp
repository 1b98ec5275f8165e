// SPDX-License-Identifier: MIT
// Stands before the journal or the terminal: leaves out what is below the level, which can be changed, and
// remembers the last lines for those who ask what has happened. One thread: the loop's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace mqttcan {

struct LogLine {
    std::uint64_t number = 0;  ///< from 1 on, without a gap
    WallTime time{};
    Severity severity = Severity::info;
    std::string bus = {};
    std::string interface = {};
    std::string message = {};
};

class LogHistory final : public LogSink {
  public:
    static constexpr std::size_t kLines = 256;

    LogHistory(std::unique_ptr<LogSink> sink, Severity lowest) : sink_(std::move(sink)), lowest_(lowest) {}

    void write(const LogRecord& record) override {
        if (record.severity > lowest_) {
            return;
        }
        sink_->write(record);
        lines_.push_back({++last_, wall_now(), record.severity, std::string(record.bus),
                          std::string(record.interface), std::string(record.message)});
        if (lines_.size() > kLines) {
            lines_.pop_front();
        }
        if (on_line_) {
            on_line_();
        }
    }

    Severity lowest() const { return lowest_; }
    void set_lowest(Severity lowest) { lowest_ = lowest; }
    /// Called after each line; must not log.
    void set_listener(std::function<void()> on_line) { on_line_ = std::move(on_line); }
    /// The last ones, in their order.
    const std::deque<LogLine>& lines() const { return lines_; }
    /// Number of the last line; 0: there was none.
    std::uint64_t last() const { return last_; }

  private:
    std::unique_ptr<LogSink> sink_;
    Severity lowest_;
    std::deque<LogLine> lines_;
    std::uint64_t last_ = 0;
    std::function<void()> on_line_;
};

}  // namespace mqttcan
