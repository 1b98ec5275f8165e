// SPDX-License-Identifier: MIT
#include "daemon/cli/reload.hpp"

#include <getopt.h>

#include <array>
#include <cstdlib>
#include <iostream>

#include "config/duration.hpp"
#include "daemon/cli/exit_codes.hpp"
#include "daemon/control/client.hpp"
#include "daemon/control/interface.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 30s;
constexpr Duration kMostPatience = 1h;

constexpr const char* kReloadHelp = R"(Usage: mqttcan reload [OPTION]...

Has the running daemon read its configuration again, and returns when it is in
force: buses that changed are there, all others were not disturbed. If the
configuration is bad, its faults are named and everything stays as it was.

      --control PATH   the daemon's control socket (default $MQTTCAN_CONTROL,
                       otherwise /run/mqttcan/control)
      --timeout TIME   wait for so long at most (default 30s)
  -h, --help           show this and exit

Allowed to root and to members of the group mqttcan.
Exit codes: 0 done, 1 failure, 2 usage, 78 bad configuration.
)";

Result<Duration> parse_timeout(const char* written) {
    const auto timeout = config::parse_duration(written);
    if (!timeout) {
        return fail(std::errc::invalid_argument, "--timeout: ", timeout.error().what);
    }
    if (*timeout <= Duration::zero() || *timeout > kMostPatience) {
        return fail(std::errc::invalid_argument, "--timeout ", written, ": more than 0s, at most 1h");
    }
    return timeout;
}

int show(const control::ReloadResult& result) {
    if (const auto* faults = std::get_if<control::Faults>(&result)) {
        for (const std::string& fault : faults->list) {
            std::cerr << fault << '\n';
        }
        return kBadConfig;
    }
    if (const auto* failure = std::get_if<control::Failure>(&result)) {
        std::cerr << "mqttcan reload: " << failure->reason << '\n';
        return kFailure;
    }
    return kOk;
}

}  // namespace

Result<ReloadOptions> parse_reload(int argc, char** argv, const char* environment_control) {
    constexpr int kControl = 256;
    constexpr int kTimeout = 257;
    const std::array<option, 4> known = {{
        {"control", required_argument, nullptr, kControl},
        {"timeout", required_argument, nullptr, kTimeout},
        {"help", no_argument, nullptr, 'h'},
        {},
    }};
    const bool named = environment_control != nullptr && *environment_control != '\0';
    ReloadOptions options{named ? environment_control : control::kDefaultPath, kPatience};
    optind = 0;  // glibc: start over, for this may not be the first scan
    for (int option = 0; (option = ::getopt_long(argc, argv, "h", known.data(), nullptr)) != -1;) {
        if (option == kControl) {
            options.control = optarg;
        } else if (option == kTimeout) {
            const auto timeout = parse_timeout(optarg);
            if (!timeout) {
                return std::unexpected(timeout.error());
            }
            options.timeout = *timeout;
        } else if (option == 'h') {
            options.help = true;
        } else {
            return fail(std::errc::invalid_argument, "");
        }
    }
    if (optind < argc) {
        return fail(std::errc::invalid_argument, "unexpected argument \"", argv[optind],
                    "\": the daemon reads the file that it was started with");
    }
    return options;
}

int reload(int argc, char** argv) {
    const auto options = parse_reload(argc, argv, std::getenv("MQTTCAN_CONTROL"));
    if (!options) {
        if (!options.error().what.empty()) {
            std::cerr << "mqttcan reload: " << options.error().what << '\n';
        }
        std::cerr << "Try: mqttcan reload --help\n";
        return kUsage;
    }
    if (options->help) {
        std::cout << kReloadHelp;
        return kOk;
    }
    const auto result = control::reload(options->control, options->timeout);
    if (!result) {
        std::cerr << "mqttcan reload: " << result.error().what << '\n';
        return kFailure;
    }
    return show(*result);
}

}  // namespace mqttcan::cli
