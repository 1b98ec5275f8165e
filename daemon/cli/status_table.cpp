// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"
#include "config/words.hpp"
#include "daemon/cli/status_words.hpp"

namespace mqttcan::cli {
namespace {

using codec::Counters;
using supervisor::BusState;
using supervisor::BusStatus;
using supervisor::Status;

constexpr const char* kGap = "  ";

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

std::string state_of(const BusStatus& bus) {
    const bool ill =
        bus.state == BusState::online && bus.controller && bus.controller->state != "error-active";
    return ill ? bus.controller->state : std::string(name(bus.state));
}

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

}  // namespace mqttcan::cli
