// SPDX-License-Identifier: MIT
// `mqttcan wait`: for scripts that use a bus as soon as it carries frames.
#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/tool.hpp"
#include "daemon/cli/tool_options.hpp"
#include "daemon/control/client.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;
using supervisor::BusState;
using supervisor::BusStatus;

constexpr Duration kPatience = 30s;
constexpr Duration kPause = 50ms;
constexpr Duration kAnswer = 5s;

constexpr ToolCommand kWait = {
    .name = "wait",
    .help = R"(Usage: mqttcan wait [BUS]... --online [OPTION]...

Returns as soon as frames cross on each BUS (a bus's name, or its interface), or
on all of them if none is named: its interface is up, the broker is there, its
subscriptions stand, and the server of a client does not say that it is gone.
Waits for the daemon as well.
)",
    .options = R"(      --online         what to wait for
      --peers N        and until N others are on the bus as well: its server,
                       clients or peers, as far as they are mqttcan
)",
    .ending = R"(Exit codes: 0 online, 1 not in time or another failure, 2 usage.
)",
    .patience = kPatience,
    .most = 1000,
    .online = true,
};

std::string list(const std::vector<std::string>& reasons) {
    std::string words;
    for (const std::string& reason : reasons) {
        words += text(words.empty() ? "" : "; ", reason);
    }
    return words;
}

/// Why one of them is not online; empty if all are. An error if that will not change by waiting.
Result<std::string> missing(const supervisor::Status& status, const std::vector<std::string>& wanted) {
    std::vector<const BusStatus*> meant;
    std::vector<std::string> reasons;
    for (const std::string& operand : wanted) {
        if (const BusStatus* const found = supervisor::find_bus(status, operand)) {
            meant.push_back(found);
        } else {
            reasons.push_back(text("there is no bus ", operand));  // a reload may bring it
        }
    }
    if (wanted.empty()) {
        std::ranges::transform(status.buses, std::back_inserter(meant), [](const auto& bus) { return &bus; });
    }
    for (const BusStatus* const bus : meant) {
        if (bus->state == BusState::dropped) {
            return fail(std::errc::operation_canceled, "bus ", bus->name, " was ", bus->reason);
        }
        if (bus->state != BusState::online) {
            reasons.push_back(text("bus ", bus->name, " is ", name(bus->state), ": ", bus->reason));
        } else if (bus->server == "offline" || bus->server == "waiting") {
            reasons.push_back(text("the server of bus ", bus->name, " says that it is ", bus->server));
        }
    }
    return list(reasons);
}

/// Why the others are too few; empty if there are enough on each bus.
Result<std::string> missing_peers(const ToolOptions& options, const supervisor::Status& status) {
    std::vector<std::string> names = options.operands;
    if (names.empty()) {
        std::ranges::transform(status.buses, std::back_inserter(names), &BusStatus::name);
    }
    std::vector<std::string> reasons;
    for (const std::string& bus : names) {
        const auto count = control::count_peers(options.control, bus, kAnswer);
        if (!count) {
            return std::unexpected(count.error());
        }
        if (!*count) {
            reasons.push_back(text("who is on bus ", bus, " is not known yet"));
        } else if (**count < options.peers) {
            reasons.push_back(text("of ", options.peers, " others on bus ", bus, ' ', **count,
                                   **count == 1 ? " is" : " are", " online"));
        }
    }
    return list(reasons);
}

}  // namespace

int wait_for_bus(int argc, char** argv) {
    int code = kOk;
    const auto options = begin_tool(kWait, argc, argv, code);
    if (!options) {
        return code;
    }
    if (!options->online) {
        complain(kWait,
                 options->peers > 0 ? "--peers comes with --online" : "say what to wait for: --online");
        return kUsage;
    }
    const TimePoint deadline = BootClock::now() + options->timeout;
    for (;;) {
        const Duration left = deadline - BootClock::now();
        const auto reply = control::status(options->control, std::nullopt, std::clamp(left, kPause, kAnswer));
        std::string reason;
        if (!reply && reply.error().code == std::errc::permission_denied) {
            return complain(kWait, reply.error().what);
        }
        if (reply) {
            const auto lacks = missing(reply->status, options->operands);
            if (!lacks) {
                return complain(kWait, lacks.error().what);
            }
            reason = *lacks;
            if (reason.empty() && options->peers > 0) {
                const auto fewer = missing_peers(*options, reply->status);
                reason = fewer ? *fewer : fewer.error().what;
            }
            if (reason.empty()) {
                return kOk;
            }
        } else {
            reason = reply.error().what;
        }
        if (BootClock::now() >= deadline) {
            return complain(kWait, text("not within ", seconds_text(options->timeout), ": ", reason));
        }
        pause(kPause);
    }
}

}  // namespace mqttcan::cli
