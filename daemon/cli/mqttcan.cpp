// SPDX-License-Identifier: MIT
// mqttcan: the tool for people.
#include <algorithm>
#include <iostream>
#include <string_view>

#include "daemon/cli/attach.hpp"
#include "daemon/cli/check.hpp"
#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/tool.hpp"
#include "daemon/cli/tunnel.hpp"

namespace {

using namespace mqttcan;

constexpr const char* kHelp = R"(Usage: mqttcan COMMAND [OPTION]...

  tunnel    join one CAN interface with a topic on an MQTT broker, in the
            foreground: mqttcan tunnel -i vcan0 -H broker.example.com
  check     say what is wrong with a configuration: mqttcan check [FILE]
            (default /etc/mqttcan.json, - reads standard input)
  status    how the buses of the running daemon are: mqttcan status [BUS],
            mqttcan status --watch
  monitor   a line for each change, as it happens: mqttcan monitor [BUS]
  wait      until frames cross on a bus: mqttcan wait BUS --online
  down, up  stop a bus, and resume it: mqttcan down BUS
  reload    have the running daemon read its configuration again; waits until
            that is done: mqttcan reload
  log-level what the daemon logs: mqttcan log-level debug
  attach    move the other end of a vxcan into a container:
            mqttcan attach BUS --pid PID
  detach    take it out again: mqttcan detach BUS
  version   show the version

"mqttcan COMMAND --help" tells more. The daemon is mqttcand(8); as a service:
systemctl enable --now mqttcan
)";

constexpr const char* kCheckHelp = R"(Usage: mqttcan check [FILE]

Reads a configuration (default /etc/mqttcan.json, - for standard input), names
every fault in it with its place and its cure, and changes nothing.
Exit codes: 0 good, 2 usage, 78 bad configuration.
)";

int run_check(int argc, char** argv) {
    std::string_view file = cli::kDefaultConfig;
    if (argc > 2) {
        std::cerr << "mqttcan check: one file at a time\n";
        return cli::kUsage;
    }
    if (argc == 2) {
        file = argv[1];
    }
    if (file == "--help" || file == "-h") {
        std::cout << kCheckHelp;
        return cli::kOk;
    }
    if (file.starts_with('-') && file != "-") {
        std::cerr << "mqttcan check: unknown option " << file << "\nTry: mqttcan check --help\n";
        return cli::kUsage;
    }
    return cli::check(std::string(file));
}

struct Command {
    std::string_view name;
    int (*run)(int argc, char** argv);
};

constexpr Command kCommands[] = {
    {"attach", cli::attach}, {"check", run_check},          {"detach", cli::detach},
    {"down", cli::down},     {"log-level", cli::log_level}, {"monitor", cli::monitor},
    {"reload", cli::reload}, {"status", cli::status},       {"tunnel", cli::tunnel},
    {"up", cli::up},         {"wait", cli::wait_for_bus},
};

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (const auto* found = std::ranges::find(kCommands, command, &Command::name);
        found != std::end(kCommands)) {
        argv[1] = argv[0];  // getopt names the program in what it says
        return found->run(argc - 1, argv + 1);
    }
    if (command == "version" || command == "--version" || command == "-V") {
        std::cout << "mqttcan " MQTTCAN_VERSION "\n";
        return cli::kOk;
    }
    if (command == "help" || command == "--help" || command == "-h") {
        std::cout << kHelp;
        return cli::kOk;
    }
    if (command.empty()) {
        std::cerr << kHelp;
    } else {
        std::cerr << "mqttcan: unknown command \"" << command << "\"\nTry: mqttcan --help\n";
    }
    return cli::kUsage;
}
