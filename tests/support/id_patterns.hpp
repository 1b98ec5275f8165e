// SPDX-License-Identifier: MIT
// Patterns of arbitration IDs made by hand, and frames to match them with.
#pragma once

#include <cstdint>

#include "base/can_id.hpp"
#include "daemon/can/frame.hpp"

namespace mqttcan::testing {

constexpr IdPattern range(std::uint32_t first, std::uint32_t last, bool extended = false) {
    return {.extended = extended, .first = first, .last = last};
}

constexpr IdPattern one(std::uint32_t id, bool extended = false) {
    return range(id, id, extended);
}

constexpr IdPattern masked(std::uint32_t value, std::uint32_t mask, bool extended = false) {
    return {.extended = extended,
            .first = 0,
            .last = extended ? kMaxExtendedId : kMaxStandardId,
            .value = value,
            .mask = mask};
}

inline can::Frame frame(std::uint32_t id, bool extended = false) {
    can::Frame made;
    made.id = id;
    made.extended = extended;
    return made;
}

/// What an IdFilter says, read off its definition.
inline bool lets_through(const IdFilter& filter, std::uint32_t id, bool extended) {
    const auto any = [&](const std::vector<IdPattern>& patterns) {
        for (const IdPattern& pattern : patterns) {
            if (pattern.matches(id, extended)) {
                return true;
            }
        }
        return false;
    };
    return (filter.allow.empty() || any(filter.allow)) && !any(filter.deny);
}

}  // namespace mqttcan::testing
