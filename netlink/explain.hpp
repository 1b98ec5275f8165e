// SPDX-License-Identifier: MIT
// Inside the room only: turns the kernel's refusal into a sentence with object, reason and cure. Pure but for
// the kernel's release, which is part of a cure.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "netlink/message.hpp"

namespace mqttcan::netlink {

/// "creating vcan0: Operation not permitted (words of the kernel): run as root ...". `action` is the
/// beginning; `kind` the link type that was asked for, empty if none was.
std::unexpected<Error> explain(const Verdict&, std::string_view action, std::string_view kind = {});

}  // namespace mqttcan::netlink
