// SPDX-License-Identifier: MIT
#include "config/size.hpp"

#include <algorithm>

#include "config/words.hpp"

namespace mqttcan::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};

constexpr Unit kUnits[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}};
constexpr std::string_view kDigits = "0123456789";
constexpr std::uint64_t kFar = 1'000'000'000;  // of any unit; more is taken for this

std::unexpected<Error> refuse(std::string_view written, std::string_view why) {
    return fail(std::errc::invalid_argument, in_quotes(written), ' ', why);
}

Result<Unit> find_unit(std::string_view written, std::string_view name) {
    const auto unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit != std::end(kUnits)) {
        return *unit;
    }
    if (name.starts_with('.')) {
        return refuse(written, "has a decimal point; write a whole number, in a smaller unit");
    }
    if (name.starts_with(' ')) {
        return refuse(written,
                      "holds a space; write the unit right behind the number, for example \"64MiB\"");
    }
    return refuse(written, name.empty()
                               ? "has no unit; write KiB, MiB or GiB behind it, for example \"64MiB\""
                               : "has a unit that is not known; use KiB, MiB or GiB, for example \"64MiB\"");
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view written) {
    const std::size_t digits = std::min(written.find_first_not_of(kDigits), written.size());
    if (digits == 0) {
        return refuse(written,
                      "is not an amount of memory; write a number and its unit, for example \"64MiB\"");
    }
    const Result<Unit> unit = find_unit(written, written.substr(digits));
    if (!unit) {
        return std::unexpected(unit.error());
    }
    std::uint64_t number = 0;
    for (const char digit : written.substr(0, digits)) {
        number = std::min(kFar, number * 10 + static_cast<std::uint64_t>(digit - '0'));
    }
    return number * unit->bytes;
}

std::string show_size(std::uint64_t bytes) {
    for (const Unit& unit : kUnits) {
        if (bytes != 0 && bytes % unit.bytes == 0) {
            return text(bytes / unit.bytes, unit.name);
        }
    }
    return text(bytes, " bytes");
}

}  // namespace mqttcan::config
