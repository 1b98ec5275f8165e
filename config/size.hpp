// SPDX-License-Identifier: MIT
// Amounts of memory as a person writes them: "64MiB". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace mqttcan::config {

/// Bytes from a whole number and one of KiB, MiB, GiB, without a space. Fails with a sentence that holds the
/// cure.
Result<std::uint64_t> parse_size(std::string_view written);

/// In the largest unit in which it is a whole number: "64KiB", "1GiB".
std::string show_size(std::uint64_t bytes);

}  // namespace mqttcan::config
