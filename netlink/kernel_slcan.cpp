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
    auto port = open_serial(request.device);
    const auto released = port ? release(*port, request) : std::unexpected(port.error());
    const auto holder = released ? find(request.name) : std::unexpected(released.error());
    if (!holder) {
        return std::unexpected(holder.error());
    }
    if (*holder) {  // before anything is sent to the device
        return explain({.number = EEXIST, .words = {}}, text("naming an interface ", request.name.str()));
    }
    const auto attached = attach_discipline(port->tty, request.device);
    const auto link = attached ? name_link(port->tty, request) : std::unexpected(attached.error());
    return link ? Result<SerialLink>(SerialLink{.tty = std::move(port->tty), .link = *link})
                : std::unexpected(link.error());
}

/// Attaching a line a second time would succeed, and give us the other program's interface.
Result<void> KernelLinks::release(SerialPort& port, const SlcanRequest& request) {
    if (!port.attached_before) {
        return {};
    }
    const auto name = interface_of(port.tty, request.device);
    const auto link = name ? find(*name) : std::unexpected(name.error());
    if (link && *link && (*link)->group == kOwnedGroup && (*link)->alias == request.alias) {
        port.tty.detach();
        return {};
    }
    port.tty.leave();
    return explain_as({.number = EBUSY, .words = {}}, text("opening ", request.device),
                      name ? text("it is the interface ", name->str(),
                                  " already; if slcand made it, stop that one, "
                                  "or declare the bus as kind \"can\"")
                           : std::string("it is a CAN interface already"));
}

Result<Link> KernelLinks::name_link(const AttachedTty& tty, const SlcanRequest& request) {
    const auto given = interface_of(tty, request.device);
    const auto link = given ? find(*given) : std::unexpected(given.error());
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
    const auto aliased = set_alias(ifindex, request.alias);
    const auto now = aliased ? find(ifindex) : std::unexpected(aliased.error());
    if (!now) {
        return std::unexpected(now.error());
    }
    return *now ? Result<Link>(**now) : explain({.number = ENODEV, .words = {}}, action);
}

}  // namespace mqttcan::netlink
