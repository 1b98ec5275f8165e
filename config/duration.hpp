// SPDX-License-Identifier: MIT
// Durations as a person writes them: "500ms", "1.5s". Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace mqttcan::config {

/// A decimal number and one of us, ms, s, min, h, without a space. Fails with a sentence that holds the cure.
Result<Duration> parse_duration(std::string_view written);

/// In the largest unit in which it is a whole number: "2s", "1500ms", "90min".
std::string show(Duration);

}  // namespace mqttcan::config
