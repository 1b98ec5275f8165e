// SPDX-License-Identifier: MIT
// The Varlink interfaces of the control socket (https://varlink.org): the texts that it serves, the one
// source of what its methods and errors are called, and the limits of what is said on it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace mqttcan::control {

inline constexpr const char* kDefaultPath = "/run/mqttcan/control";

inline constexpr std::size_t kLongestRequest = 64 * 1024;  ///< without the NUL at its end
inline constexpr std::size_t kLongestReply = 4 << 20;      ///< the same: the status of some thousand buses
inline constexpr std::size_t kDeepestJson = 32;

struct Interface {
    std::string_view name;
    std::string_view description;
};

/// Every interface there is.
const std::array<Interface, 2>& interfaces();

/// Whether brackets outside strings are nested deeper than kDeepestJson: nlohmann's parser has no limit, and
/// what it makes of such a text is written recursively.
bool too_deep(std::string_view json);

}  // namespace mqttcan::control
