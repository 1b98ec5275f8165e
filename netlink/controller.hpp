// SPDX-License-Identifier: MIT
// Inside the room only: how the settings of a CAN controller (kind "can": hardware and slcan) are asked for
// and read. One kind, one file.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "netlink/links.hpp"
#include "netlink/message.hpp"

namespace mqttcan::netlink {

/// Asks for what is set in CanSettings and nothing else, in one request. The kernel goes through it in an
/// order of its own and stops at what it refuses, so what came before stays done.
Message settings_request(int ifindex, const CanSettings&);

/// The settings without those modes that are to be off and that the driver, going by what it told, does not
/// know: the kernel would refuse the whole request for them.
CanSettings without_what_is_off_anyway(CanSettings, const CanSettings& told);

/// Ends bus-off.
Message restart_request(int ifindex);

/// From IFLA_INFO_DATA. The transmit queue's length is not in there.
Controller parse_controller(std::span<const std::byte> data);

/// From a message about a link; nothing if that has no controller.
std::optional<ControllerStatistics> parse_statistics(std::span<const std::byte> message);

/// What is set, for a message: "bit rate 500000 bit/s, listen-only on".
std::string describe(const CanSettings&);

}  // namespace mqttcan::netlink
