// SPDX-License-Identifier: MIT
// Arbitration IDs as users write them: hexadecimal, as candump prints them, 3 digits for a standard ID and 8
// for an extended one (ISO 11898-1: 11 and 29 bits). Values; any thread; parse() fails with a sentence that
// says what is wrong and what is right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace mqttcan {

inline constexpr std::uint32_t kMaxStandardId = 0x7ff;
inline constexpr std::uint32_t kMaxExtendedId = 0x1fffffff;

/// Some IDs of one kind: "123" (one), "120/7F0" (those that agree with 120 in the bits of the mask) or
/// "100-1FF" (a range, both ends included). A range has mask 0; a masked ID the whole range of its kind;
/// one ID is both: a range of one, and masked with all bits.
struct IdPattern {
    bool extended = false;
    std::uint32_t first = 0;  ///< lowest ID
    std::uint32_t last = 0;   ///< highest ID, at least `first`
    std::uint32_t value = 0;  ///< what the bits of `mask` must be
    std::uint32_t mask = 0;

    static Result<IdPattern> parse(std::string_view written);

    constexpr bool matches(std::uint32_t id, bool is_extended) const {
        return is_extended == extended && id >= first && id <= last && (id & mask) == (value & mask);
    }
    bool operator==(const IdPattern&) const = default;
};

/// What passes: everything if both are empty; what `allow` matches (all if it is empty) but `deny` does not.
struct IdFilter {
    std::vector<IdPattern> allow = {};
    std::vector<IdPattern> deny = {};

    bool passes_all() const { return allow.empty() && deny.empty(); }
    bool operator==(const IdFilter&) const = default;
};

}  // namespace mqttcan
