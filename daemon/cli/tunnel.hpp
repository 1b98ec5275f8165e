// SPDX-License-Identifier: MIT
// `mqttcan tunnel`: one bus, in the foreground, without a configuration file.
#pragma once

namespace mqttcan::cli {

/// The arguments after "tunnel", argv[0] in its place. Returns the exit code.
int tunnel(int argc, char** argv);

}  // namespace mqttcan::cli
