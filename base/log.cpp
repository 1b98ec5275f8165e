// SPDX-License-Identifier: MIT
#include "base/log.hpp"

#include <unistd.h>

namespace mqttcan {

void TerminalLog::write(const LogRecord& record) {
    std::string line;
    if (!record.bus.empty()) {
        line += text("bus ", record.bus);
        line += record.interface.empty() ? std::string(": ") : text(" (", record.interface, "): ");
    }
    if (record.severity <= Severity::warning) {
        line += record.severity == Severity::warning ? "warning: " : "error: ";
    }
    line += record.message;
    line += '\n';
    // One write per line keeps lines whole; a closed terminal is no reason to stop a bus.
    [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
}

}  // namespace mqttcan
