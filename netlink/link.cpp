// SPDX-License-Identifier: MIT
#include "netlink/link.hpp"

namespace mqttcan::netlink {

bool usable(const Link& link) {
    return link.is_can && link.up && (link.kind != "vxcan" || link.operstate == kOperstateUp);
}

}  // namespace mqttcan::netlink
