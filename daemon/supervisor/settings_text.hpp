// SPDX-License-Identifier: MIT
// Settings of a CAN controller in words, for messages. Pure; any thread.
#pragma once

#include <string>

#include "base/can_settings.hpp"

namespace mqttcan::supervisor {

/// "500000 bit/s, sample point 0.875, listen-only"; members that are unset are left out.
std::string in_words(const CanSettings&);

}  // namespace mqttcan::supervisor
