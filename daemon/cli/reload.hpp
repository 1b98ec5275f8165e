// SPDX-License-Identifier: MIT
// `mqttcan reload`: has the running daemon read its configuration again.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace mqttcan::cli {

struct ReloadOptions {
    std::string control;
    Duration timeout{};
    bool help = false;
};

/// The arguments after "reload", argv[0] in its place. `environment_control` is MQTTCAN_CONTROL's value, or
/// null. Errors are for a person; empty if getopt has said already what is wrong.
Result<ReloadOptions> parse_reload(int argc, char** argv, const char* environment_control);

/// Returns the exit code.
int reload(int argc, char** argv);

}  // namespace mqttcan::cli
