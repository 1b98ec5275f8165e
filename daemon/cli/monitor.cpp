// SPDX-License-Identifier: MIT
// `mqttcan monitor`: what happens, a line for each change, as it happens.
#include <time.h>
#include <unistd.h>

#include <array>
#include <iostream>

#include "base/text.hpp"
#include "config/words.hpp"
#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/tool.hpp"
#include "daemon/cli/tool_options.hpp"
#include "daemon/control/client.hpp"
#include "daemon/control/status_json.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 5s;
constexpr Duration kSilence = 10min;  // then it is asked anew

constexpr ToolCommand kMonitor = {
    .name = "monitor",
    .help = R"(Usage: mqttcan monitor [BUS] [OPTION]...

Prints a line for each change of a bus or of a connection to a broker, as the
running daemon logs it, until Ctrl-C. With BUS (a bus's name, or its interface)
only what concerns that bus.
)",
    .options = R"(      --json           each line as a JSON object
)",
    .ending = R"("mqttcan log-level debug" has the daemon tell more.
Exit codes: 1 failure, such as the end of the daemon; 2 usage.
)",
    .patience = kPatience,
    .most = 1,
    .why_no_more = ": one bus at a time",
    .json = true,
};

std::string clock_text(WallTime time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm local{};
    std::array<char, 16> words{};
    ::localtime_r(&seconds, &local);
    return {words.data(), std::strftime(words.data(), words.size(), "%H:%M:%S", &local)};
}

std::string in_words(const LogLine& line) {
    std::string scope;
    if (!line.bus.empty()) {
        scope = text("bus ", line.bus,
                     line.interface.empty() ? "" : text(" (", config::printable(line.interface), ')'), ": ");
    }
    const std::string alarm =
        line.severity <= Severity::warning ? text(control::name(line.severity), ": ") : std::string();
    return text(clock_text(line.time), ' ', scope, alarm, line.message);
}

/// `bus`: only of that one, unless it is empty.
void show(const control::LogPart& part, const std::string& bus, bool json) {
    if (part.missed > 0) {
        std::cerr << "mqttcan monitor: " << counted(part.missed, "line") << " missed\n";
    }
    for (const LogLine& line : part.lines) {
        if (bus.empty() || line.bus == bus) {
            std::cout << (json ? control::to_json(line) : in_words(line)) << '\n';
        }
    }
    std::cout << std::flush;
}

}  // namespace

int monitor(int argc, char** argv) {
    int code = kOk;
    const auto options = begin_tool(kMonitor, argc, argv, code);
    if (!options) {
        return code;
    }
    std::string bus;
    if (!options->operands.empty()) {
        const auto known = control::status(options->control, options->operands.front(), options->timeout);
        if (!known) {
            return complain(kMonitor, known.error().what);  // a wrong name would be silent for ever
        }
        bus = known->status.buses.front().name;
    }
    auto part = control::log_after(options->control, std::nullopt, options->timeout);
    if (part && ::isatty(STDERR_FILENO) == 1) {
        std::cerr << "(waiting for changes; Ctrl-C ends)\n";
    }
    while (part) {
        show(*part, bus, options->json);
        if (!std::cout) {
            return kFailure;
        }
        const std::uint64_t last = part->last;
        do {
            part = control::log_after(options->control, last, kSilence);
        } while (!part && part.error().code == std::errc::timed_out);
    }
    return complain(kMonitor, part.error().what);
}

}  // namespace mqttcan::cli
