// SPDX-License-Identifier: MIT
// Inside the room only: turns the kernel's refusal into a sentence with object, reason and cure. Pure but for
// the kernel's release, which is part of a cure.
#pragma once

#include <string_view>

#include "base/can_settings.hpp"
#include "base/error.hpp"
#include "netlink/message.hpp"

namespace mqttcan::netlink {

/// "creating vcan0: Operation not permitted (words of the kernel): run as root ...". `action` is the
/// beginning; `kind` the link type that was asked for, empty if none was.
std::unexpected<Error> explain(const Verdict&, std::string_view action, std::string_view kind = {});

/// The same where the caller knows the cure.
std::unexpected<Error> explain_as(const Verdict&, std::string_view action, std::string_view cure);

/// The same for a controller's settings: `settings` are those that were asked for, and `action` names them.
std::unexpected<Error> explain_settings(const Verdict&, std::string_view action, const CanSettings& settings);

}  // namespace mqttcan::netlink
