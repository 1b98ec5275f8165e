// SPDX-License-Identifier: MIT
// KernelLinks: serial adapters.
#include <net/if.h>  // before linux/if.h, or neither compiles

#include <linux/rtnetlink.h>

#include <cerrno>

#include "netlink/explain.hpp"
#include "netlink/kernel_links.hpp"
#include "netlink/route_socket.hpp"
#include "netlink/slcan.hpp"

namespace mqttcan::netlink {

Result<SerialLink> KernelLinks::attach_slcan(const SlcanRequest& request) {
    const auto holder = find(request.name);
    if (!holder) {
        return std::unexpected(holder.error());
    }
    if (*holder) {  // before anything is sent to the device
        return explain({.number = EEXIST, .words = {}}, text("naming an interface ", request.name.str()));
    }
    auto tty = open_serial(request.device);
    if (!tty) {
        return std::unexpected(std::move(tty.error()));
    }
    auto link = link_of(*tty, request);
    if (!link) {
        detach_discipline(*tty);
        return std::unexpected(std::move(link.error()));
    }
    return SerialLink{.tty = std::move(*tty), .link = std::move(*link)};
}

Result<Link> KernelLinks::link_of(const UniqueFd& tty, const SlcanRequest& request) {
    const auto given = attach_discipline(tty, request.device);
    const auto name =
        given ? InterfaceName::parse(*given) : Result<InterfaceName>(std::unexpected(given.error()));
    const auto link = name ? find(*name) : Result<std::optional<Link>>(std::unexpected(name.error()));
    if (!link) {
        return std::unexpected(link.error());
    }
    const std::string action = text("naming the interface of ", request.device, " ", request.name.str());
    // The kernel makes it in its initial namespace; there may be another one with its name in ours.
    if (!*link || (*link)->kind != "can" || (*link)->up) {
        return explain_as({.number = ENODEV, .words = {}}, action,
                          "serial adapters appear in the machine's own network namespace; run there");
    }
    const int ifindex = (*link)->ifindex;
    Message change = link_message(RTM_SETLINK, 0, {.ifindex = ifindex});
    put_string(*change, IFLA_IFNAME, request.name.str());
    put_u32(*change, IFLA_GROUP, kOwnedGroup);
    if (const auto answer = socket_->ask(std::move(change)); !answer) {
        return explain(answer.error(), action);
    }
    if (const auto aliased = set_alias(ifindex, request.alias); !aliased) {
        return std::unexpected(aliased.error());
    }
    auto now = find(ifindex);
    if (now && *now) {
        return std::move(**now);
    }
    return now ? Result<Link>(explain({.number = ENODEV, .words = {}}, action))
               : Result<Link>(std::unexpected(std::move(now.error())));
}

}  // namespace mqttcan::netlink
