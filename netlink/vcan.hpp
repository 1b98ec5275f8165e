// SPDX-License-Identifier: MIT
// Inside the room only: how a vcan is asked for. One kind, one file.
#pragma once

#include <cstdint>

#include "base/names.hpp"
#include "netlink/message.hpp"

namespace mqttcan::netlink {

/// Creates the link in kOwnedGroup and UP in one request; EEXIST if any link has the name.
Message vcan_request(const InterfaceName&, std::uint32_t mtu);

}  // namespace mqttcan::netlink
