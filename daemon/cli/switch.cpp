// SPDX-License-Identifier: MIT
// `mqttcan up`, `down` and `log-level`: what is changed in a running daemon, until it is restarted.
#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/tool.hpp"
#include "daemon/cli/tool_options.hpp"
#include "daemon/control/client.hpp"
#include "daemon/control/status_json.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 10s;

constexpr ToolCommand kDown = {
    .name = "down",
    .help = R"(Usage: mqttcan down BUS [OPTION]...

Stops a bus (its name, or its interface) until "mqttcan up" or a restart of the
daemon: nothing crosses any more, its status says that it is waiting, and an
interface that the daemon has made is set down, so that programs on it notice. A
serial adapter is let go. Reloading the configuration does not resume it.
)",
    .ending = R"(Exit codes: 0 done, 1 failure, 2 usage.
)",
    .patience = kPatience,
    .operands = "the name of a bus, or of its interface",
    .fewest = 1,
    .most = 1,
    .why_no_more = ": one bus at a time",
};

constexpr ToolCommand kUp = {
    .name = "up",
    .help = R"(Usage: mqttcan up BUS [OPTION]...

Resumes a bus (its name, or its interface) that "mqttcan down" has stopped.
"mqttcan wait BUS --online" waits until frames cross again.
)",
    .ending = R"(Exit codes: 0 done, 1 failure, 2 usage.
)",
    .patience = kPatience,
    .operands = "the name of a bus, or of its interface",
    .fewest = 1,
    .most = 1,
    .why_no_more = ": one bus at a time",
};

constexpr ToolCommand kLogLevel = {
    .name = "log-level",
    .help = R"(Usage: mqttcan log-level LEVEL [OPTION]...

What the running daemon logs until it is restarted: LEVEL and what is worse, of
error, warning, notice, info (as it starts) and debug.
)",
    .ending = R"(Exit codes: 0 done, 1 failure, 2 usage.
)",
    .patience = kPatience,
    .operands = "a level: error, warning, notice, info or debug",
    .fewest = 1,
    .most = 1,
};

int finish(const ToolCommand& command, const Result<void>& done) {
    return done ? kOk : complain(command, done.error().what);
}

int switch_bus(const ToolCommand& command, int argc, char** argv, bool dropped) {
    int code = kOk;
    const auto options = begin_tool(command, argc, argv, code);
    if (!options) {
        return code;
    }
    return finish(command, control::set_dropped(options->control, options->operands.front(), dropped,
                                                options->timeout));
}

}  // namespace

int up(int argc, char** argv) {
    return switch_bus(kUp, argc, argv, false);
}

int down(int argc, char** argv) {
    return switch_bus(kDown, argc, argv, true);
}

int log_level(int argc, char** argv) {
    int code = kOk;
    const auto options = begin_tool(kLogLevel, argc, argv, code);
    if (!options) {
        return code;
    }
    const auto lowest = control::parse_severity(options->operands.front());
    if (!lowest) {
        complain(kLogLevel, "no level \"" + options->operands.front() + "\": " + kLogLevel.operands);
        return kUsage;
    }
    return finish(kLogLevel, control::set_log_level(options->control, *lowest, options->timeout));
}

}  // namespace mqttcan::cli
