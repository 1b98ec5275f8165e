// SPDX-License-Identifier: MIT
// The keys that a configuration may hold: one row per key, and per object one table of rows. The loader reads
// by these tables, and a test compares them with the JSON Schema.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mqttcan::config {

struct KeyInfo {
    std::string_view name;
    std::string_view example;  ///< a right value, as JSON
    bool required = false;
    bool secret = false;                           ///< never repeated in a message
    std::span<const std::string_view> words = {};  ///< the values of an enumeration, in its order
    std::int64_t lowest = 0;                       ///< of a number, nanoseconds of a duration, or bytes
    std::int64_t highest = 0;                      ///< 0: none of these
    bool may_be_zero = false;                      ///< a duration below `lowest`: none
};

struct ObjectInfo {
    std::string_view where;    ///< JSON pointer, '*' for a name that the user gives
    std::string_view noun;     ///< "a bus"
    std::string_view example;  ///< as JSON
    std::vector<KeyInfo> keys;
};

/// Every object of a configuration whose keys are fixed.
std::vector<ObjectInfo> known_objects();

}  // namespace mqttcan::config
