// SPDX-License-Identifier: MIT
// Log lines with the bus and interface they speak of. A Log is a small value that refers to a sink, which
// must outlive it; whoever owns a bus carries a Log that names it. One thread: the loop's.
// Log changes, not repetitions; never per frame.
#pragma once

#include <string>
#include <string_view>

#include "base/text.hpp"

namespace mqttcan {

/// syslog(3) severities that are used here, with their values.
enum class Severity { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

struct LogRecord {
    Severity severity;
    std::string_view bus;        ///< empty if the line speaks of no bus
    std::string_view interface;  ///< empty if none is known
    std::string_view message;
};

class LogSink {
  public:
    virtual ~LogSink() = default;
    virtual void write(const LogRecord&) = 0;
};

class Log {
  public:
    explicit Log(LogSink& sink, std::string bus = {}, std::string interface = {})
        : sink_(&sink), bus_(std::move(bus)), interface_(std::move(interface)) {}

    Log for_bus(std::string bus, std::string interface = {}) const {
        return Log(*sink_, std::move(bus), std::move(interface));
    }

    template <typename... Parts>
    void error(const Parts&... parts) const {
        write(Severity::error, text(parts...));
    }
    template <typename... Parts>
    void warning(const Parts&... parts) const {
        write(Severity::warning, text(parts...));
    }
    template <typename... Parts>
    void notice(const Parts&... parts) const {
        write(Severity::notice, text(parts...));
    }
    template <typename... Parts>
    void info(const Parts&... parts) const {
        write(Severity::info, text(parts...));
    }
    template <typename... Parts>
    void debug(const Parts&... parts) const {
        write(Severity::debug, text(parts...));
    }

  private:
    void write(Severity severity, std::string_view message) const {
        sink_->write({severity, bus_, interface_, message});
    }

    LogSink* sink_;
    std::string bus_;
    std::string interface_;
};

/// Readable lines on a stream (stderr): "bus body (vcan0): connected".
class TerminalLog final : public LogSink {
  public:
    explicit TerminalLog(int fd = 2) : fd_(fd) {}
    void write(const LogRecord&) override;

  private:
    int fd_;
};

}  // namespace mqttcan
