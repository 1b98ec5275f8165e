// SPDX-License-Identifier: MIT
#include "config/bit_rate.hpp"

#include <algorithm>

#include "config/words.hpp"

namespace mqttcan::config {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::uint64_t kFar = 4'000'000'000;  // beyond every bus; larger ones are taken for this

std::unexpected<Error> refuse(std::string_view written, std::string_view why) {
    return fail(std::errc::invalid_argument, in_quotes(written), ' ', why);
}

/// Places by which the unit moves the decimal point.
Result<std::size_t> parse_unit(std::string_view written, std::string_view unit) {
    if (unit.empty()) {
        return std::size_t{0};
    }
    if (unit == "k") {
        return std::size_t{3};
    }
    if (unit == "M") {
        return std::size_t{6};
    }
    if (unit.front() == ' ') {
        return refuse(written, "holds a space; write the unit right behind the number, for example \"500k\"");
    }
    return refuse(written,
                  "has a unit that is not known; write k or M (bit/s), for example \"500k\" or \"1M\"");
}

}  // namespace

Result<std::uint32_t> parse_bit_rate(std::string_view written) {
    const std::size_t whole_digits = std::min(written.find_first_not_of(kDigits), written.size());
    if (whole_digits == 0) {
        return refuse(written, "is not a bit rate; write for example \"500k\" or \"1M\"");
    }
    std::string_view rest = written.substr(whole_digits);
    std::string_view fraction;
    if (rest.starts_with('.')) {
        const std::size_t end = std::min(rest.find_first_not_of(kDigits, 1), rest.size());
        fraction = rest.substr(1, end - 1);
        if (fraction.empty()) {
            return refuse(written, "has no digit behind the point; write for example \"83.333k\"");
        }
        rest.remove_prefix(end);
    }
    const Result<std::size_t> places = parse_unit(written, rest);
    if (!places) {
        return std::unexpected(places.error());
    }
    if (fraction.size() > *places) {
        return refuse(written,
                      "is not a whole number of bits in a second; write fewer digits behind the point");
    }
    std::uint64_t total = 0;
    const auto append = [&](char digit) {
        total = std::min(kFar, total * 10 + static_cast<std::uint64_t>(digit - '0'));
    };
    std::ranges::for_each(written.substr(0, whole_digits), append);
    std::ranges::for_each(fraction, append);
    std::ranges::for_each(std::string(*places - fraction.size(), '0'), append);
    return static_cast<std::uint32_t>(total);
}

std::string show_bit_rate(std::uint32_t bits_per_second) {
    const bool mega = bits_per_second >= 1'000'000 && bits_per_second % 100'000 == 0;
    const std::uint32_t unit = mega ? 1'000'000 : 1'000;
    if (bits_per_second < unit) {
        return std::to_string(bits_per_second);
    }
    std::string fraction = std::to_string(unit + bits_per_second % unit).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return text(bits_per_second / unit, fraction.empty() ? "" : ".", fraction, mega ? "M" : "k");
}

}  // namespace mqttcan::config
