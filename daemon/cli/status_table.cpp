// SPDX-License-Identifier: MIT
#include "daemon/cli/status_table.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "config/words.hpp"

namespace mqttcan::cli {
namespace {

using codec::Counters;
using supervisor::BrokerStatus;
using supervisor::BusState;
using supervisor::BusStatus;
using supervisor::Status;

constexpr const char* kGap = "  ";
constexpr const char* kBold = "\033[1m";
constexpr const char* kGreen = "\033[32m";
constexpr const char* kYellow = "\033[33m";
constexpr const char* kRed = "\033[31m";
constexpr const char* kPlain = "\033[0m";

std::string coloured(const std::string& words, const char* colour, const Paper& paper) {
    return paper.colour ? text(colour, words, kPlain) : words;
}

const char* colour_of(BusState state) {
    switch (state) {
        case BusState::online:
            return kGreen;
        case BusState::offline:
            return kRed;
        case BusState::waiting:
        case BusState::dropped:
            return kYellow;
    }
    return kPlain;
}

/// Of columns, not bytes: names may be UTF-8. (Wide characters are taken for one column.)
std::size_t columns(std::string_view words) {
    return static_cast<std::size_t>(
        std::ranges::count_if(words, [](char byte) { return (byte & 0xc0) != 0x80; }));
}

std::string cut(std::string_view words, std::size_t width) {
    if (columns(words) <= width) {
        return std::string(words);
    }
    std::string kept;
    for (const char byte : words) {
        if ((byte & 0xc0) != 0x80 && columns(kept) + 1 >= width) {
            break;
        }
        kept += byte;
    }
    return kept + '~';
}

std::string padded(const std::string& words, std::size_t width, bool right) {
    const std::string blanks(width - std::min(width, columns(words)), ' ');
    return right ? blanks + words : words + blanks;
}

/// Broken between words, each line indented.
std::vector<std::string> wrapped(std::string_view words, std::size_t indent, std::size_t width) {
    std::vector<std::string> lines;
    std::string line;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        const std::string_view word = words.substr(0, end);
        words.remove_prefix(std::min(end + 1, words.size()));
        if (!line.empty() && indent + columns(line) + 1 + columns(word) > width) {
            lines.push_back(std::string(indent, ' ') + std::exchange(line, {}));
        }
        line += text(line.empty() ? "" : " ", word);
    }
    lines.push_back(std::string(indent, ' ') + line);
    return lines;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines) {
        all += line + '\n';
    }
    return all;
}

// ---- numbers

const BusStatus* find(const Status& status, const std::string& bus) {
    const auto found = std::ranges::find(status.buses, bus, &BusStatus::name);
    return found == status.buses.end() ? nullptr : &*found;
}

/// "-" where nothing tells: at first, and when the daemon was started anew in between.
std::string rate(const BusStatus& bus, const std::optional<Earlier>& before,
                 Counters codec::BusCounters::* direction) {
    const BusStatus* const was =
        before && before->ago > Duration::zero() ? find(before->status, bus.name) : nullptr;
    const std::uint64_t now = (bus.counters.*direction).received;
    if (was == nullptr || (was->counters.*direction).received > now) {
        return "-";
    }
    const double seconds = std::chrono::duration<double>(before->ago).count();
    return short_number(static_cast<std::uint64_t>(
        static_cast<double>(now - (was->counters.*direction).received) / seconds + 0.5));
}

std::string drops(const Counters& counters) {
    std::string list;
    for (std::size_t i = 0; i < codec::kDrops; ++i) {
        if (counters.dropped[i] > 0) {
            list += text(list.empty() ? "" : ", ", short_number(counters.dropped[i]), ' ',
                         name(static_cast<codec::Drop>(i)));
        }
    }
    return list;
}

std::uint64_t dropped(const BusStatus& bus) {
    return bus.counters.from_bus.dropped_total() + bus.counters.to_bus.dropped_total() +
           bus.counters.confirmations.dropped_total();
}

std::string milliseconds(Duration duration) {
    const auto tenths = std::chrono::duration_cast<std::chrono::microseconds>(duration).count() / 100;
    return tenths < 1000 ? text(tenths / 10, '.', tenths % 10, " ms") : text(tenths / 10, " ms");
}

std::string state_of(const BusStatus& bus) {
    const bool ill =
        bus.state == BusState::online && bus.controller && bus.controller->state != "error-active";
    return ill ? bus.controller->state : std::string(name(bus.state));
}

// ---- the table

struct Column {
    std::string head;
    bool right = false;
    bool shrinks = false;
    std::size_t width = 0;
};

struct Row {
    const BusStatus* bus;
    std::vector<std::string> cells;
};

bool is_well(const BusStatus& bus) {
    return bus.state == BusState::online && dropped(bus) == 0 && bus.counters.to_bus.lost == 0;
}

/// What a row of figures cannot say.
std::vector<std::string> remarks(const BusStatus& bus, std::size_t width) {
    std::vector<std::string> lines;
    const auto add = [&](const std::string& words) {
        std::ranges::move(wrapped(words, 4, width), std::back_inserter(lines));
    };
    if (!bus.reason.empty()) {
        add(bus.reason);
    }
    if (bus.server == "offline" || bus.server == "waiting") {
        add(text("its server says that it is ", bus.server));
    }
    const std::array<std::pair<const char*, const Counters*>, 3> directions = {
        {{"from bus ", &bus.counters.from_bus},
         {"to bus ", &bus.counters.to_bus},
         {"confirmations ", &bus.counters.confirmations}}};
    std::string list;
    for (const auto& [what, counters] : directions) {
        if (const std::string reasons = drops(*counters); !reasons.empty()) {
            list += text(list.empty() ? "dropped: " : "; ", what, reasons);
        }
    }
    if (!list.empty()) {
        add(list);
    }
    return lines;
}

std::vector<Column> columns_for(const Status& now) {
    std::vector<Column> list = {{"BUS", false, true}, {"INTERFACE", false, true}, {"ROLE"}};
    if (now.brokers.size() > 1) {
        list.push_back({"BROKER", false, true});
    }
    list.push_back({"STATE"});
    for (const char* head : {"FROM/s", "TO/s", "LOST", "DROPPED"}) {
        list.push_back({head, true});
    }
    if (std::ranges::any_of(now.buses, [](const BusStatus& bus) { return bus.round_trip.has_value(); })) {
        list.push_back({"TRIP", true});
    }
    return list;
}

std::vector<std::string> cells(const BusStatus& bus, const std::vector<Column>& list,
                               const std::optional<Earlier>& before) {
    std::vector<std::string> row;
    for (const Column& column : list) {
        const std::string_view head = column.head;
        row.push_back(head == "BUS"         ? bus.name
                      : head == "INTERFACE" ? (bus.interface.empty() ? "-" : config::printable(bus.interface))
                      : head == "ROLE"      ? std::string(bus.role)
                      : head == "BROKER"    ? bus.broker
                      : head == "STATE"     ? state_of(bus)
                      : head == "FROM/s"    ? rate(bus, before, &codec::BusCounters::from_bus)
                      : head == "TO/s"      ? rate(bus, before, &codec::BusCounters::to_bus)
                      : head == "LOST"      ? short_number(bus.counters.to_bus.lost)
                      : head == "DROPPED"   ? short_number(dropped(bus))
                      : bus.round_trip      ? milliseconds(bus.round_trip->smoothed)
                                            : "-");
    }
    return row;
}

/// As wide as what is in them, and all of them no wider than the paper.
void fit(std::vector<Column>& list, const std::vector<Row>& rows, std::size_t width) {
    constexpr std::size_t kLeast = 6;
    std::size_t sum = (list.size() - 1) * columns(kGap);
    for (std::size_t i = 0; i < list.size(); ++i) {
        list[i].width = columns(list[i].head);
        for (const Row& row : rows) {
            list[i].width = std::max(list[i].width, columns(row.cells[i]));
        }
        sum += list[i].width;
    }
    while (sum > width) {
        const auto widest = std::ranges::max_element(
            list, {}, [](const Column& column) { return column.shrinks ? column.width : 0; });
        if (!widest->shrinks || widest->width <= kLeast) {
            break;
        }
        --widest->width;
        --sum;
    }
}

std::string line_of(const std::vector<Column>& list, const Row& row, const Paper& paper) {
    std::string line;
    for (std::size_t i = 0; i < list.size(); ++i) {
        std::string cell = padded(cut(row.cells[i], list[i].width), list[i].width, list[i].right);
        if (row.bus != nullptr && list[i].head == "STATE") {
            cell = coloured(cell,
                            state_of(*row.bus) == name(row.bus->state) ? colour_of(row.bus->state) : kYellow,
                            paper);
        }
        line += text(i > 0 ? kGap : "", cell);
    }
    return line;
}

std::vector<std::string> broker_lines(const Status& now, const Paper& paper) {
    std::vector<std::string> lines;
    for (const BrokerStatus& broker : now.brokers) {
        const std::string head = text("broker ", broker.name, " (", broker.url, "): ");
        const std::string tail = broker.connected
                                     ? text("connected (", broker.protocol, ") for ", long_time(broker.since))
                                     : text("not connected for ", long_time(broker.since),
                                            broker.problem.empty() ? "" : ": ", broker.problem);
        std::vector<std::string> all = wrapped(head + tail, 4, paper.width);
        all.front().erase(0, 4);
        for (const std::string& line : all) {
            lines.push_back(broker.connected ? line : coloured(line, kRed, paper));
        }
    }
    return lines;
}

/// The buses one after the other, as far as there is room; what is left out is counted.
void add_buses(std::vector<std::string>& lines, const std::vector<Column>& list, const std::vector<Row>& rows,
               std::optional<std::size_t> room, const Paper& paper) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::vector<std::string> block = {line_of(list, rows[i], paper)};
        std::ranges::move(remarks(*rows[i].bus, paper.width), std::back_inserter(block));
        const bool last = i + 1 == rows.size();
        if (room && lines.size() + block.size() + (last ? 0 : 1) > *room) {
            const auto ill = std::ranges::count_if(rows.begin() + static_cast<std::ptrdiff_t>(i), rows.end(),
                                                   [](const Row& row) { return !is_well(*row.bus); });
            lines.push_back(text("... and ", rows.size() - i, " more, ",
                                 ill == 0 ? std::string("all well") : text(ill, " of them not well")));
            return;
        }
        std::ranges::move(block, std::back_inserter(lines));
    }
}

}  // namespace

std::string short_number(std::uint64_t number) {
    constexpr std::array<char, 5> kUnits = {'k', 'M', 'G', 'T', 'P'};
    if (number < 100'000) {
        return text(number);
    }
    std::size_t unit = 0;
    std::uint64_t scaled = number;
    while (scaled >= 1'000'000 && unit + 1 < kUnits.size()) {
        scaled /= 1000;
        ++unit;
    }
    return scaled < 100'000 ? text(scaled / 1000, '.', scaled % 1000 / 100, kUnits[unit])
                            : text(scaled / 1000, kUnits[unit]);
}

std::string long_time(Duration time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
    if (seconds < 60) {
        return text(seconds, " s");
    }
    if (seconds < 3600) {
        return text(seconds / 60, " min");
    }
    return seconds < 86400 * 2 ? text(seconds / 3600, " h ", seconds / 60 % 60, " min")
                               : text(seconds / 86400, " days");
}

std::string status_table(const Status& now, const std::optional<Earlier>& before, const Paper& paper) {
    if (now.buses.empty()) {
        return "no buses: the configuration declares none\n";
    }
    std::vector<Column> list = columns_for(now);
    std::vector<Row> rows;
    for (const BusStatus& bus : now.buses) {
        rows.push_back({&bus, cells(bus, list, before)});
    }
    fit(list, rows, paper.width);
    if (paper.rows) {
        std::ranges::stable_sort(rows, {}, [](const Row& row) { return is_well(*row.bus); });
    }
    Row head{nullptr, {}};
    for (const Column& column : list) {
        head.cells.push_back(column.head);
    }
    std::vector<std::string> lines = {coloured(line_of(list, head, paper), kBold, paper)};
    const std::vector<std::string> brokers = broker_lines(now, paper);
    add_buses(lines, list, rows,
              paper.rows
                  ? std::optional(std::max<std::size_t>(*paper.rows, brokers.size() + 3) - brokers.size())
                  : std::nullopt,
              paper);
    return joined(lines) + joined(brokers);
}

namespace {

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
