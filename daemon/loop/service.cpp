// SPDX-License-Identifier: MIT
#include "daemon/loop/service.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdlib>
#include <ctime>

// The calling function's name in every line would only name write() below.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/text.hpp"

namespace mqttcan::loop {

void notify_ready(const std::string& status) {
    sd_notify(0, text("READY=1\nSTATUS=", status).c_str());
}

void notify_reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    // Since systemd 253 the time tells this reload's READY=1 from an older one (sd_notify(3)).
    sd_notifyf(
        0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=reloading the configuration",
        static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000);
}

void notify_status(const std::string& status) {
    sd_notify(0, text("STATUS=", status).c_str());
}

void notify_stopping() {
    sd_notify(0, "STOPPING=1\nSTATUS=stopped");
}

bool stderr_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status{};
    return stream != nullptr && ::fstat(STDERR_FILENO, &status) == 0 &&
           text(status.st_dev, ':', status.st_ino) == stream;
}

void JournalLog::write(const LogRecord& record) {
    const std::string scope = record.bus.empty() ? std::string() : text("bus ", record.bus, ": ");
    const std::string message = text("MESSAGE=", scope, record.message);
    const std::string priority = text("PRIORITY=", static_cast<int>(record.severity));
    const std::string bus = text("MQTTCAN_BUS=", record.bus);
    const std::string interface = text("INTERFACE=", record.interface);
    std::array<iovec, 5> fields{};
    int count = 0;
    const auto add = [&](const std::string& field) {
        fields.at(static_cast<std::size_t>(count++)) = {const_cast<char*>(field.data()), field.size()};
    };
    add(message);
    add(priority);
    if (!record.bus.empty()) {
        add(bus);
    }
    if (!record.interface.empty()) {
        add(interface);
    }
    // A journal that cannot be reached is no reason to stop a bus.
    sd_journal_sendv(fields.data(), count);
}

}  // namespace mqttcan::loop
