// SPDX-License-Identifier: MIT
// `mqttcan reload`: has the running daemon read its configuration again.
#include <iostream>

#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/tool.hpp"
#include "daemon/cli/tool_options.hpp"
#include "daemon/control/client.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;

constexpr ToolCommand kReload = {
    .name = "reload",
    .help = R"(Usage: mqttcan reload [OPTION]...

Has the running daemon read its configuration again, and returns when it is in
force: buses that changed are there, all others were not disturbed. If the
configuration is bad, its faults are named and everything stays as it was.
)",
    .ending = R"(Exit codes: 0 done, 1 failure, 2 usage, 78 bad configuration.
)",
    .patience = 30s,
    .why_no_more = ": the daemon reads the file that it was started with",
};

}  // namespace

int reload(int argc, char** argv) {
    int code = kOk;
    const auto options = begin_tool(kReload, argc, argv, code);
    if (!options) {
        return code;
    }
    const auto result = control::reload(options->control, options->timeout);
    if (!result) {
        return complain(kReload, result.error().what);
    }
    if (const auto* faults = std::get_if<control::Faults>(&*result)) {
        for (const std::string& fault : faults->list) {
            std::cerr << fault << '\n';
        }
        return kBadConfig;
    }
    const auto* failure = std::get_if<control::Failure>(&*result);
    return failure != nullptr ? complain(kReload, failure->reason) : kOk;
}

}  // namespace mqttcan::cli
