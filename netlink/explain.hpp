// SPDX-License-Identifier: MIT
// Inside the room only: turns the kernel's refusal into a sentence with object, reason and cure. Pure but for
// the kernel's release, which is part of a cure.
#pragma once

#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "base/can_settings.hpp"
#include "base/error.hpp"
#include "netlink/link.hpp"
#include "netlink/message.hpp"

namespace mqttcan::netlink {

/// "creating vcan0: Operation not permitted (words of the kernel): run as root ...". `action` is the
/// beginning; `kind` the link type that was asked for, empty if none was.
std::unexpected<Error> explain(const Verdict&, std::string_view action, std::string_view kind = {});

/// The same where the caller knows the cure.
std::unexpected<Error> explain_as(const Verdict&, std::string_view action, std::string_view cure);

/// The same for a controller's settings: `settings` are those that were asked for, and `action` names them.
std::unexpected<Error> explain_settings(const Verdict&, std::string_view action, const CanSettings& settings);

/// What asking for one link brought; ENODEV means that there is none.
Result<std::optional<Link>> one_link(std::expected<std::vector<Link>, Verdict> answer,
                                     std::string_view action);

}  // namespace mqttcan::netlink
