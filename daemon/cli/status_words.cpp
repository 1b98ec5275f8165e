// SPDX-License-Identifier: MIT
#include "daemon/cli/status_words.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace mqttcan::cli {
namespace {

using codec::Counters;
using supervisor::BrokerStatus;
using supervisor::BusState;
using supervisor::BusStatus;
using supervisor::Status;

constexpr const char* kPlain = "\033[0m";

const BusStatus* find(const Status& status, const std::string& bus) {
    const auto found = std::ranges::find(status.buses, bus, &BusStatus::name);
    return found == status.buses.end() ? nullptr : &*found;
}

}  // namespace

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

std::string milliseconds(Duration duration) {
    const auto tenths = std::chrono::duration_cast<std::chrono::microseconds>(duration).count() / 100;
    return tenths < 1000 ? text(tenths / 10, '.', tenths % 10, " ms") : text(tenths / 10, " ms");
}

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

}  // namespace mqttcan::cli
