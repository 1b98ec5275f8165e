// SPDX-License-Identifier: MIT
// `mqttcan status`: how the buses are, once or again and again.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/status_page.hpp"
#include "daemon/cli/tool.hpp"
#include "daemon/cli/tool_options.hpp"
#include "daemon/control/client.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 5s;
constexpr Duration kMoment = 500ms;  // between two looks, to tell rates

constexpr ToolCommand kStatus = {
    .name = "status",
    .help = R"(Usage: mqttcan status [BUS] [OPTION]...

Shows the buses of the running daemon: where they are, how they are, frames per
second in both directions, and what was lost or dropped since it was started.
With BUS (a bus's name in the configuration, or its interface) all about one.

  FROM/s, TO/s  frames per second from the bus and for it
  LOST          frames for the bus that never came (format stream tells)
  DROPPED       frames dropped here, in both directions; below it the reasons
  TRIP          from sending a frame until it is known to be on the bus
)",
    .options = R"(      --watch[=TIME]   again and again (every 1s) until Ctrl-C; on a terminal
                       in place, what is not well first
      --json           as JSON, all counters; with --watch one object per line
)",
    .ending = R"(Exit codes: 0 shown, 1 failure, 2 usage.
)",
    .patience = kPatience,
    .most = 1,
    .why_no_more = ": one bus at a time",
    .json = true,
    .watch = true,
};

Paper paper_of(bool watching) {
    Paper paper;
    winsize size{};
    if (::isatty(STDOUT_FILENO) == 0) {
        return paper;
    }
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        paper.width = size.ws_col;
        if (watching && size.ws_row > 1) {
            paper.rows = size.ws_row - 1U;  // the cursor's line
        }
    }
    const char* const no_colour = std::getenv("NO_COLOR");  // https://no-color.org
    const char* const terminal = std::getenv("TERM");
    paper.colour = (no_colour == nullptr || *no_colour == '\0') &&
                   (terminal == nullptr || std::string_view(terminal) != "dumb");
    return paper;
}

/// What was seen, and when.
struct Look {
    supervisor::Status status;
    std::string json;
    TimePoint at;
};

Result<Look> look(const ToolOptions& options) {
    const auto bus = options.operands.empty() ? std::nullopt : std::optional(options.operands.front());
    auto reply = control::status(options.control, bus, options.timeout);
    if (!reply) {
        return std::unexpected(reply.error());
    }
    return Look{std::move(reply->status), std::move(reply->text), BootClock::now()};
}

std::string page(const ToolOptions& options, const Look& now, const std::optional<Look>& before) {
    if (options.json) {
        return now.json + '\n';
    }
    const std::optional<Earlier> earlier =
        before ? std::optional(Earlier{before->status, now.at - before->at}) : std::nullopt;
    const Paper paper = paper_of(options.watch.has_value());
    return options.operands.empty() ? status_table(now.status, earlier, paper)
                                    : bus_details(now.status, earlier, paper);
}

/// Over what stood there, without flicker: each line clears its rest, the last one all below.
void paint(const std::string& page) {
    std::string screen = "\033[H";
    for (const char c : page) {
        screen += c == '\n' ? "\033[K\n" : std::string(1, c);
    }
    std::cout << screen << "\033[J" << std::flush;
}

int watch(const ToolOptions& options) {
    const bool in_place = ::isatty(STDOUT_FILENO) == 1 && !options.json;
    if (in_place) {
        std::cout << "\033[2J";
    }
    std::optional<Look> before;
    for (;;) {
        auto now = look(options);
        if (!now && !in_place) {
            return complain(kStatus, now.error().what);
        }
        // A person looks on while the daemon is restarted.
        const std::string shown = now ? page(options, *now, before) : text(now.error().what, '\n');
        if (in_place) {
            paint(shown);
        } else {
            std::cout << shown << (options.json ? "" : "\n") << std::flush;
        }
        if (!std::cout) {
            return kFailure;
        }
        before = now ? std::optional(std::move(*now)) : std::nullopt;
        pause(*options.watch);
    }
}

}  // namespace

int status(int argc, char** argv) {
    int code = kOk;
    const auto options = begin_tool(kStatus, argc, argv, code);
    if (!options) {
        return code;
    }
    if (options->watch) {
        return watch(*options);
    }
    std::optional<Look> before;
    auto now = look(*options);
    if (now && !options->json && !now->status.buses.empty()) {
        pause(kMoment);
        before = std::move(*now);
        now = look(*options);
    }
    if (!now) {
        return complain(kStatus, now.error().what);
    }
    std::cout << page(*options, *now, before);
    return kOk;
}

}  // namespace mqttcan::cli
