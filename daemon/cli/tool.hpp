// SPDX-License-Identifier: MIT
// The commands of `mqttcan` that call the running daemon. Each takes the arguments after its name, argv[0] in
// the name's place, and returns the exit code.
#pragma once

namespace mqttcan::cli {

int status(int argc, char** argv);
int monitor(int argc, char** argv);
int wait_for_bus(int argc, char** argv);
int up(int argc, char** argv);
int down(int argc, char** argv);
int log_level(int argc, char** argv);
int reload(int argc, char** argv);

}  // namespace mqttcan::cli
