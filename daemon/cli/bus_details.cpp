// SPDX-License-Identifier: MIT
#include <vector>

#include "base/text.hpp"
#include "config/words.hpp"
#include "daemon/cli/status_words.hpp"

namespace mqttcan::cli {
namespace {

using codec::Counters;
using supervisor::BusStatus;
using supervisor::Status;

std::string controller_line(const codec::ControllerStatus& controller) {
    const auto speed = [](std::optional<std::uint32_t> bitrate) {
        return bitrate ? text(*bitrate / 1000, bitrate.value() % 1000 != 0 ? text('.', *bitrate % 1000) : "",
                              " kbit/s")
                       : std::string("unknown bit rate");
    };
    return text(controller.state, ", ", speed(controller.bitrate),
                controller.data_bitrate ? text(", data ", speed(controller.data_bitrate)) : "",
                "; errors: tx ", controller.tx_errors, ", rx ", controller.rx_errors, ", on the bus ",
                controller.bus_errors, "; bus-off ", counted(controller.bus_offs, "time"), ", restarted ",
                counted(controller.restarts, "time"));
}

void add_figures(std::vector<std::string>& lines, const BusStatus& bus,
                 const std::optional<Earlier>& before) {
    const Counters& from = bus.counters.from_bus;
    const Counters& to = bus.counters.to_bus;
    const auto row = [&](const std::string& what, const std::string& left, const std::string& right) {
        lines.push_back(text("  ", padded(what, 22, false), padded(left, 12, true), padded(right, 12, true)));
    };
    const auto count = [&](const std::string& what, std::uint64_t left, std::uint64_t right, bool always) {
        if (always || left > 0 || right > 0) {
            row(what, text(left), text(right));
        }
    };
    row("frames", "from bus", "to bus");
    row("per second", rate(bus, before, &codec::BusCounters::from_bus),
        rate(bus, before, &codec::BusCounters::to_bus));
    count("received", from.received, to.received, true);
    count("published, written", from.passed, to.passed, true);
    count("in doubt", from.in_doubt, 0, false);
    count("confirmed", from.confirmed, 0, false);
    count("unconfirmed", from.unconfirmed, 0, false);
    count("buffered", from.buffered, 0, false);
    count("backfilled", from.backfilled, 0, false);
    count("lost on the way", 0, to.lost, true);
    count("dropped", from.dropped_total(), to.dropped_total(), true);
    for (std::size_t i = 0; i < codec::kDrops; ++i) {
        count(text("  ", name(static_cast<codec::Drop>(i))), from.dropped[i], to.dropped[i], false);
    }
}

}  // namespace

std::string bus_details(const Status& now, const std::optional<Earlier>& before, const Paper& paper) {
    const BusStatus& bus = now.buses.front();
    std::vector<std::string> lines;
    const auto say = [&](const char* what, const std::string& words) {
        auto rest = wrapped(words, 14, paper.width);
        rest.front().replace(0, 14, padded(text("  ", what), 14, false));
        std::ranges::move(rest, std::back_inserter(lines));
    };
    lines.push_back(
        text("bus ", bus.name, ": ", coloured(std::string(name(bus.state)), colour_of(bus.state), paper)));
    if (!bus.reason.empty()) {
        say("why", bus.reason);
    }
    say("interface", bus.interface.empty() ? text("none so far (", bus.kind, ')')
                                           : text(config::printable(bus.interface), " (", bus.kind, ')'));
    std::string formats;
    for (const std::string_view format : bus.formats) {
        formats += text(formats.empty() ? "" : ", ", format);
    }
    say("topic", text(bus.topic, ", as ", bus.role, ", in format ", formats));
    for (const std::string& line : broker_lines(now, {.width = 1 << 20, .rows = {}, .colour = false})) {
        say("broker", line.substr(std::string_view("broker ").size()));
    }
    if (!bus.server.empty()) {
        say("server", bus.server);
    }
    if (bus.controller) {
        say("controller", controller_line(*bus.controller));
    }
    if (bus.round_trip) {
        say("round trip",
            text(milliseconds(bus.round_trip->smoothed), ", at worst ", milliseconds(bus.round_trip->worst)));
    }
    add_figures(lines, bus, before);
    return joined(lines);
}

}  // namespace mqttcan::cli
