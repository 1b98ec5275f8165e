// SPDX-License-Identifier: MIT
#include "netlink/vxcan.hpp"

#include <net/if.h>  // before linux/if.h, or neither compiles

#include <linux/can/vxcan.h>
#include <linux/rtnetlink.h>

namespace mqttcan::netlink {
namespace {

void put_end(nl_msg& request, const InterfaceName& name, std::uint32_t mtu) {
    put_string(request, IFLA_IFNAME, name.str());
    put_u32(request, IFLA_MTU, mtu);
    put_u32(request, IFLA_GROUP, kOwnedGroup);
}

}  // namespace

Message vxcan_request(const VxcanRequest& wanted) {
    Message request = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, {});
    put_end(*request, wanted.name, wanted.mtu);
    {
        const Nest info(*request, IFLA_LINKINFO);
        put_string(*request, IFLA_INFO_KIND, "vxcan");
        const Nest data(*request, IFLA_INFO_DATA);
        const Nest peer(*request, VXCAN_INFO_PEER);
        put_link_head(*request, {});
        put_end(*request, wanted.peer, wanted.mtu);
    }
    return request;
}

}  // namespace mqttcan::netlink
