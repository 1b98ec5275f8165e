// SPDX-License-Identifier: MIT
#include "daemon/cli/tool_options.hpp"

#include <getopt.h>
#include <time.h>

#include <charconv>
#include <cstdlib>
#include <iostream>

#include "base/text.hpp"
#include "config/duration.hpp"
#include "config/words.hpp"
#include "daemon/cli/exit_codes.hpp"
#include "daemon/control/interface.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kMostPatience = 1h;
constexpr Duration kQuickest = 100ms;
constexpr auto kInvalid = std::errc::invalid_argument;

enum Long : int { kControl = 256, kTimeout, kJson, kWatch, kOnline, kPeers };

std::vector<option> known_options(const ToolCommand& command) {
    std::vector<option> known = {{"control", required_argument, nullptr, kControl},
                                 {"help", no_argument, nullptr, 'h'},
                                 {"timeout", required_argument, nullptr, kTimeout}};
    if (command.json) {
        known.push_back({"json", no_argument, nullptr, kJson});
    }
    if (command.watch) {
        known.push_back({"watch", optional_argument, nullptr, kWatch});
    }
    if (command.online) {
        known.push_back({"online", no_argument, nullptr, kOnline});
        known.push_back({"peers", required_argument, nullptr, kPeers});
    }
    known.push_back({});
    return known;
}

Result<Duration> parse_time(const char* name, const char* written, Duration least) {
    const auto time = config::parse_duration(written);
    if (!time) {
        return fail(kInvalid, name, ": ", time.error().what);
    }
    if (*time <= Duration::zero() || *time < least || *time > kMostPatience) {
        return fail(kInvalid, name, ' ', written, ": ",
                    least > Duration::zero() ? "at least 100ms" : "more than 0s", ", at most 1h");
    }
    return time;
}

Result<std::size_t> parse_peers(std::string_view written) {
    constexpr std::size_t kMost = 1000;
    std::size_t peers = 0;
    const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), peers);
    if (error != std::errc() || end != written.data() + written.size() || peers == 0 || peers > kMost) {
        return fail(kInvalid, "--peers ", written, ": not a whole number from 1 to ", kMost);
    }
    return peers;
}

Result<void> apply(ToolOptions& options, int option) {
    switch (option) {
        case kControl:
            options.control = optarg;
            return {};
        case kTimeout: {
            const auto timeout = parse_time("--timeout", optarg, {});
            options.timeout = timeout.value_or(Duration());
            return timeout ? Result<void>() : std::unexpected(timeout.error());
        }
        case kWatch: {
            const auto interval =
                optarg != nullptr ? parse_time("--watch", optarg, kQuickest) : Result<Duration>(1s);
            options.watch = interval.value_or(Duration());
            return interval ? Result<void>() : std::unexpected(interval.error());
        }
        case kJson:
            options.json = true;
            return {};
        case kOnline:
            options.online = true;
            return {};
        case kPeers: {
            const auto peers = parse_peers(optarg);
            options.peers = peers.value_or(0);
            return peers ? Result<void>() : std::unexpected(peers.error());
        }
        case 'h':
            options.help = true;
            return {};
        default:
            return fail(kInvalid, "");  // getopt has said what is wrong
    }
}

}  // namespace

Result<ToolOptions> parse_tool(const ToolCommand& command, int argc, char** argv,
                               const char* environment_control) {
    const bool named = environment_control != nullptr && *environment_control != '\0';
    ToolOptions options{.control = named ? environment_control : control::kDefaultPath,
                        .timeout = command.patience};
    const std::vector<option> known = known_options(command);
    optind = 0;  // glibc: start over, for this may not be the first scan
    for (int option = 0; (option = ::getopt_long(argc, argv, "h", known.data(), nullptr)) != -1;) {
        if (auto applied = apply(options, option); !applied) {
            return std::unexpected(applied.error());
        }
    }
    options.operands.assign(argv + optind, argv + argc);
    if (options.help) {
        return options;
    }
    if (options.operands.size() < command.fewest) {
        return fail(kInvalid, "give ", command.operands);
    }
    if (options.operands.size() > command.most) {
        return fail(kInvalid, "unexpected argument ", config::in_quotes(options.operands[command.most]),
                    command.why_no_more);
    }
    return options;
}

std::string help_of(const ToolCommand& command) {
    return text(command.help, '\n', command.options,
                R"(      --control PATH   the daemon's control socket (default $MQTTCAN_CONTROL,
                       otherwise /run/mqttcan/control)
      --timeout TIME   wait so long at most (default )",
                std::chrono::duration_cast<std::chrono::seconds>(command.patience).count(), R"(s)
  -h, --help           show this and exit

Allowed to root and to members of the group mqttcan.
)",
                command.ending);
}

std::optional<ToolOptions> begin_tool(const ToolCommand& command, int argc, char** argv, int& code) {
    auto options = parse_tool(command, argc, argv, std::getenv("MQTTCAN_CONTROL"));
    if (!options) {
        if (!options.error().what.empty()) {
            complain(command, options.error().what);
        }
        std::cerr << "Try: mqttcan " << command.name << " --help\n";
        code = kUsage;
        return std::nullopt;
    }
    if (options->help) {
        std::cout << help_of(command);
        code = kOk;
        return std::nullopt;
    }
    return std::move(*options);
}

void pause(Duration time) {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(time);
    const timespec rest{.tv_sec = whole.count(), .tv_nsec = (time - whole).count()};
    ::nanosleep(&rest, nullptr);
}

int complain(const ToolCommand& command, const std::string& reason) {
    std::cerr << "mqttcan " << command.name << ": " << reason << '\n';
    return kFailure;
}

}  // namespace mqttcan::cli
