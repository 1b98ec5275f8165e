// SPDX-License-Identifier: MIT
// The command line of those commands of `mqttcan` that call the daemon. What they share is here: where the
// daemon's socket is, how long to wait, and how a person is told what is wrong.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace mqttcan::cli {

struct ToolCommand {
    const char* name;           ///< "status"
    const char* help;           ///< what it is for; its options follow, and those that all commands have
    const char* options = "";   ///< of its own, for the help
    const char* ending = "";    ///< of the help: the exit codes, above all
    Duration patience{};        ///< unless --timeout says otherwise
    const char* operands = "";  ///< what it wants, for messages: "one bus"; empty: nothing
    std::size_t fewest = 0;     ///< operands
    std::size_t most = 0;
    const char* why_no_more = "";  ///< about the first operand too many: ": one bus at a time"
    bool json = false;             ///< knows --json, and so on
    bool watch = false;
    bool online = false;  ///< knows --online and --peers
};

struct ToolOptions {
    std::string control;
    Duration timeout{};
    std::vector<std::string> operands = {};
    bool json = false;
    std::optional<Duration> watch = {};  ///< how often
    bool online = false;
    std::size_t peers = 0;  ///< 0: any number will do
    bool help = false;
};

/// The arguments after the command, argv[0] in its place. `environment_control` is MQTTCAN_CONTROL's value,
/// or null. Errors are for a person; empty if getopt has said already what is wrong.
Result<ToolOptions> parse_tool(const ToolCommand&, int argc, char** argv, const char* environment_control);

/// What --help shows.
std::string help_of(const ToolCommand&);

/// The same with the environment; shows the help, or what is wrong. None: `code` is to be returned.
std::optional<ToolOptions> begin_tool(const ToolCommand&, int argc, char** argv, int& code);

/// Between two looks at the daemon.
void pause(Duration);

/// "mqttcan status: reason" on standard error; the exit code of a failure.
int complain(const ToolCommand&, const std::string& reason);

}  // namespace mqttcan::cli
