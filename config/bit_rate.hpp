// SPDX-License-Identifier: MIT
// Bit rates as a person writes them: "500k", "83.333k", "1M". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace mqttcan::config {

/// bit/s from a decimal number, alone or with k or M right behind it. Fails with a sentence that holds the
/// cure.
Result<std::uint32_t> parse_bit_rate(std::string_view written);

/// "500k", "83.333k", "1M", "15".
std::string show_bit_rate(std::uint32_t bits_per_second);

}  // namespace mqttcan::config
