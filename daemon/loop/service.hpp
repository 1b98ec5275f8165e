// SPDX-License-Identifier: MIT
// What the service manager and the journal are told (sd_notify(3), sd_journal_send(3)). The loop's thread.
#pragma once

#include <string>

#include "base/log.hpp"

namespace mqttcan::loop {

/// READY=1 with a status line. No effect outside a service, as for all of these.
void notify_ready(const std::string& status);
/// RELOADING=1: until the next notify_ready(), `systemctl reload` waits.
void notify_reloading();
void notify_status(const std::string& status);
void notify_stopping();

/// Whether stderr is connected to the journal ($JOURNAL_STREAM, systemd.exec(5)).
bool stderr_is_journal();

/// The journal with MQTTCAN_BUS= and INTERFACE= as fields.
class JournalLog final : public LogSink {
  public:
    void write(const LogRecord&) override;
};

}  // namespace mqttcan::loop
