// SPDX-License-Identifier: MIT
// Inside the room only: how a vxcan pair is asked for. One kind, one file.
#pragma once

#include "netlink/links.hpp"
#include "netlink/message.hpp"

namespace mqttcan::netlink {

/// Creates both ends in kOwnedGroup and DOWN in one request; EEXIST if any link has one of the names. (IFF_UP
/// for both at once is ENOTCONN: an end cannot go up before it has the other.)
Message vxcan_request(const VxcanRequest&);

}  // namespace mqttcan::netlink
