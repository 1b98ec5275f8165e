// SPDX-License-Identifier: MIT
#include "base/can_id.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace mqttcan {
namespace {

constexpr auto kInvalid = std::errc::invalid_argument;
constexpr std::size_t kStandardDigits = 3;
constexpr std::size_t kExtendedDigits = 8;

/// One ID or mask, and whether it is written as one of an extended ID.
struct Number {
    std::uint32_t value = 0;
    bool extended = false;
};

constexpr std::uint32_t highest(bool extended) {
    return extended ? kMaxExtendedId : kMaxStandardId;
}

bool is_hexadecimal(std::string_view digits) {
    return std::ranges::all_of(digits, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
    });
}

std::string filled_up(std::string_view digits) {
    return std::string(kExtendedDigits - std::min(digits.size(), kExtendedDigits), '0').append(digits);
}

/// In quotes, and cut short (never through a code point) if it is long.
std::string quoted(std::string_view written) {
    std::size_t end = std::min<std::size_t>(written.size(), 40);
    while (end > 0 && end < written.size() && (written[end] & 0xc0) == 0x80) {
        --end;
    }
    return text('"', written.substr(0, end), end < written.size() ? "..." : "", '"');
}

Result<Number> parse_number(std::string_view digits, std::string_view noun) {
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        return fail(kInvalid, quoted(digits), " begins with 0x; ", noun,
                    "s are hexadecimal anyway: write the digits alone");
    }
    if (digits.empty() || !is_hexadecimal(digits)) {
        return fail(kInvalid, quoted(digits), " is not an ", noun,
                    "; write hexadecimal digits, 3 for a standard ID or 8 for an extended one, for example "
                    "\"123\" or \"18FEF100\"");
    }
    if (digits.size() > kStandardDigits && digits.size() != kExtendedDigits) {
        return fail(kInvalid, quoted(digits), " has ", digits.size(),
                    " digits; a standard ID has up to 3, an extended one exactly 8",
                    digits.size() < kExtendedDigits ? text(": write \"", filled_up(digits), '"') : "");
    }
    Number out{.extended = digits.size() == kExtendedDigits};
    std::from_chars(digits.data(), digits.data() + digits.size(), out.value, 16);
    if (out.value > highest(out.extended)) {
        return out.extended
                   ? fail(kInvalid, quoted(digits), " is beyond 1FFFFFFF, the highest extended ", noun)
                   : fail(kInvalid, quoted(digits), " is beyond 7FF, the highest standard ", noun,
                          "; for an extended one write 8 digits: \"", filled_up(digits), '"');
    }
    return out;
}

/// Both sides of `joint`, which stands in `written`.
Result<std::pair<Number, Number>> parse_pair(std::string_view written, char joint, std::string_view noun) {
    const std::size_t middle = written.find(joint);
    const Result<Number> left = parse_number(written.substr(0, middle), "ID");
    if (!left) {
        return std::unexpected(left.error());
    }
    const Result<Number> right = parse_number(written.substr(middle + 1), noun);
    if (!right) {
        return std::unexpected(right.error());
    }
    if (left->extended != right->extended) {
        return fail(kInvalid, quoted(written),
                    " joins 3 digits (standard) with 8 (extended); write both sides with the same number of "
                    "digits");
    }
    return std::pair(*left, *right);
}

Result<IdPattern> parse_masked(std::string_view written) {
    const auto sides = parse_pair(written, '/', "mask");
    if (!sides) {
        return std::unexpected(sides.error());
    }
    const auto [id, mask] = *sides;
    return IdPattern{.extended = id.extended,
                     .first = 0,
                     .last = highest(id.extended),
                     .value = id.value,
                     .mask = mask.value};
}

Result<IdPattern> parse_range(std::string_view written) {
    const auto sides = parse_pair(written, '-', "ID");
    if (!sides) {
        return std::unexpected(sides.error());
    }
    const auto [first, last] = *sides;
    if (first.value > last.value) {
        const std::size_t middle = written.find('-');
        return fail(kInvalid, quoted(written), " runs backwards; write \"", written.substr(middle + 1), '-',
                    written.substr(0, middle), '"');
    }
    return IdPattern{
        .extended = first.extended, .first = first.value, .last = last.value, .value = 0, .mask = 0};
}

}  // namespace

Result<IdPattern> IdPattern::parse(std::string_view written) {
    if (written.contains('/')) {
        return parse_masked(written);
    }
    if (written.contains('-')) {
        return parse_range(written);
    }
    const Result<Number> id = parse_number(written, "ID");
    if (!id) {
        return std::unexpected(id.error());
    }
    return IdPattern{.extended = id->extended,
                     .first = id->value,
                     .last = id->value,
                     .value = id->value,
                     .mask = highest(id->extended)};
}

}  // namespace mqttcan
