// SPDX-License-Identifier: MIT
// Joins values into one string: text("bus ", name, ": ", count). Stands in for std::format, which g++ 12
// lacks.
#pragma once

#include <sstream>
#include <string>
#include <string_view>

namespace mqttcan {

template <typename... Parts>
std::string text(const Parts&... parts) {
    std::ostringstream out;
    (out << ... << parts);
    return std::move(out).str();
}

/// "1 frame", "2 frames": `noun` is the singular of a noun whose plural ends in s.
inline std::string counted(unsigned long long count, std::string_view noun) {
    return text(count, ' ', noun, count == 1 ? "" : "s");
}

}  // namespace mqttcan
