// SPDX-License-Identifier: MIT
#include "netlink/vcan.hpp"

#include <net/if.h>  // before linux/if.h, or neither compiles

#include <linux/rtnetlink.h>

namespace mqttcan::netlink {

Message vcan_request(const InterfaceName& name, std::uint32_t mtu) {
    // Without NLM_F_EXCL an existing link of that name, of whatever kind, would be changed and reported as
    // success.
    Message request =
        link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, {.flags = IFF_UP, .change = IFF_UP});
    put_string(*request, IFLA_IFNAME, name.str());
    put_u32(*request, IFLA_MTU, mtu);
    put_u32(*request, IFLA_GROUP, kOwnedGroup);
    {
        const Nest info(*request, IFLA_LINKINFO);
        put_string(*request, IFLA_INFO_KIND, "vcan");
    }
    return request;
}

}  // namespace mqttcan::netlink
