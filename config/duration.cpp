// SPDX-License-Identifier: MIT
#include "config/duration.hpp"

#include <algorithm>
#include <cstdint>

#include "config/words.hpp"

namespace mqttcan::config {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

constexpr Unit kUnits[] = {
    {"h", 3'600'000'000'000}, {"min", 60'000'000'000}, {"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000},
};
constexpr std::string_view kDigits = "0123456789";
// Three years: far beyond every bound, far below overflow. Longer ones are taken for this.
constexpr std::int64_t kFar = 100'000'000'000'000'000;

std::unexpected<Error> refuse(std::string_view written, std::string_view why) {
    return fail(std::errc::invalid_argument, in_quotes(written), ' ', why);
}

Result<Unit> find_unit(std::string_view written, std::string_view name) {
    const auto unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit != std::end(kUnits)) {
        return *unit;
    }
    if (name.empty()) {
        return refuse(written, text("has no unit; write \"", written.substr(0, 12), "ms\" or \"",
                                    written.substr(0, 12), "s\", whichever is meant"));
    }
    if (name.front() == ' ') {
        return refuse(written, "holds a space; write the unit right behind the number, for example \"2s\"");
    }
    if (name == "m") {
        return refuse(written, "could be minutes or milliseconds; write min or ms");
    }
    return refuse(written, "has a unit that is not known; use us, ms, s, min or h, for example \"2s\"");
}

}  // namespace

Result<Duration> parse_duration(std::string_view written) {
    const std::size_t whole_digits = std::min(written.find_first_not_of(kDigits), written.size());
    if (whole_digits == 0) {
        return refuse(written,
                      "is not a duration; write a number and its unit, for example \"500ms\" or \"2s\"");
    }
    std::string_view rest = written.substr(whole_digits);
    std::string_view fraction;
    if (rest.starts_with('.')) {
        const std::size_t end = std::min(rest.find_first_not_of(kDigits, 1), rest.size());
        fraction = rest.substr(1, end - 1);
        if (fraction.empty()) {
            return refuse(written, "has no digit behind the point; write for example \"1.5s\"");
        }
        rest.remove_prefix(end);
    }
    const Result<Unit> unit = find_unit(written, rest);
    if (!unit) {
        return std::unexpected(unit.error());
    }
    std::int64_t total = 0;
    for (const char digit : written.substr(0, whole_digits)) {
        total = std::min(kFar, total * 10 + (digit - '0') * unit->nanoseconds);
    }
    std::int64_t weight = unit->nanoseconds;
    for (const char digit : fraction) {
        weight /= 10;
        total += (digit - '0') * weight;
    }
    return Duration(total);
}

std::string show(Duration duration) {
    for (const Unit& unit : kUnits) {
        if (duration.count() != 0 && duration.count() % unit.nanoseconds == 0) {
            return text(duration.count() / unit.nanoseconds, unit.name);
        }
    }
    return duration.count() == 0 ? "0s" : text(duration.count(), "ns");
}

}  // namespace mqttcan::config
