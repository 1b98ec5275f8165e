// SPDX-License-Identifier: MIT
// mqttcand: the daemon.
#include <getopt.h>

#include <array>
#include <iostream>
#include <string>

#include "daemon/cli/check.hpp"
#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/run.hpp"
#include "daemon/control/interface.hpp"

namespace {

using namespace mqttcan;

constexpr const char* kHelp = R"(Usage: mqttcand [--config FILE] [--control PATH] [--debug]

Exposes remote CAN buses as local interfaces: creates the interfaces that FILE
declares and joins each with its topic on an MQTT broker. Runs in the
foreground until SIGTERM or Ctrl-C; needs CAP_NET_ADMIN. SIGHUP reloads FILE,
as "mqttcan reload" does, which waits and tells what is wrong with it.

  -c, --config FILE  configuration (default /etc/mqttcan.json)
      --control PATH control socket, for "mqttcan reload" (default
                     /run/mqttcan/control where the service has its folder)
      --debug        log more
  -h, --help         show this and exit
  -V, --version      show the version and exit

Check a configuration without running it: mqttcan check FILE
Exit codes: 0 stopped by a signal, 1 failure, 2 usage, 78 bad configuration.
)";

}  // namespace

int main(int argc, char** argv) {
    constexpr int kDebug = 256;
    constexpr int kControl = 257;
    const std::array<option, 6> options = {{
        {"config", required_argument, nullptr, 'c'},
        {"control", required_argument, nullptr, kControl},
        {"debug", no_argument, nullptr, kDebug},
        {"help", no_argument, nullptr, 'h'},
        {"version", no_argument, nullptr, 'V'},
        {},
    }};
    std::string path = cli::kDefaultConfig;
    cli::RunOptions run_options{.control = control::kDefaultPath};
    for (int option = 0; (option = ::getopt_long(argc, argv, "c:hV", options.data(), nullptr)) != -1;) {
        switch (option) {
            case 'c':
                path = optarg;
                break;
            case kControl:
                run_options.control = optarg;
                run_options.control_required = true;
                break;
            case kDebug:
                run_options.lowest = Severity::debug;
                break;
            case 'h':
                std::cout << kHelp;
                return cli::kOk;
            case 'V':
                std::cout << "mqttcand " MQTTCAN_VERSION "\n";
                return cli::kOk;
            default:
                std::cerr << "Try: mqttcand --help\n";
                return cli::kUsage;
        }
    }
    if (optind < argc) {
        std::cerr << "mqttcand: unexpected argument \"" << argv[optind]
                  << "\" (a file is given as --config FILE)\n";
        return cli::kUsage;
    }
    const auto config = cli::load_config(path, config::system_environment());
    if (!config) {
        return cli::kBadConfig;
    }
    if (path != "-") {
        run_options.load = [&path] { return config::load(path, config::system_environment()); };
    }
    return cli::run(*config, cli::describe_host(cli::instance_of(path)), run_options);
}
