// SPDX-License-Identifier: MIT
#include "netlink/kernel_links.hpp"

#include <net/if.h>  // before linux/if.h, or neither compiles

#include <linux/rtnetlink.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "netlink/explain.hpp"
#include "netlink/message.hpp"
#include "netlink/route_socket.hpp"

namespace mqttcan::netlink {
namespace {

constexpr std::size_t kMaxAlias = 255;  ///< bytes: IFALIASZ without its zero

Message change(int ifindex, unsigned flags = 0, unsigned mask = 0) {
    return link_message(RTM_SETLINK, 0, {.ifindex = ifindex, .flags = flags, .change = mask});
}

/// For requests that are answered by the verdict alone.
Result<void> done(const Answer<std::vector<Link>>& answer, const std::string& action) {
    return answer ? Result<void>() : Result<void>(explain(answer.error(), action));
}

/// For controllers, which the kernel opens only with their bit rates set.
const char* cure_for_going_up(int number) {
    switch (number) {
        case EINVAL:
            return "its bit rate is not set (with CAN FD: nor that of the data phase, not below the other); "
                   "add "
                   "\"bitrate\" to the bus";
        case ETIMEDOUT:
            return "the adapter does not take what is sent to it; is the serial device really a CAN adapter? "
                   "If so, unplug it and plug it in again";
        case EPERM:
            return "it needs CAP_NET_ADMIN; run it as root or through the mqttcan service";
        default:
            return "";
    }
}

}  // namespace

Result<std::unique_ptr<KernelLinks>> KernelLinks::open() {
    auto socket = RouteSocket::for_requests();
    if (!socket) {
        return std::unexpected(std::move(socket.error()));
    }
    // Not "self": that is the process's first thread.
    UniqueFd home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!home) {
        return fail_errno(errno, "opening our own network namespace, /proc/thread-self/ns/net");
    }
    return std::unique_ptr<KernelLinks>(
        new KernelLinks(std::make_unique<RouteSocket>(std::move(*socket)), std::move(home)));
}

KernelLinks::KernelLinks(std::unique_ptr<RouteSocket> socket, UniqueFd home)
    : socket_(std::move(socket)), home_(std::move(home)) {}
KernelLinks::~KernelLinks() = default;

Result<void> KernelLinks::set_up(int ifindex) {
    const auto answer = socket_->ask(change(ifindex, IFF_UP, IFF_UP));
    if (answer) {
        return {};
    }
    const std::string action = text("setting ", name_of(ifindex), " up");
    const auto link = find(ifindex);
    const bool has_controller = link && *link && (*link)->controller;
    return has_controller ? explain_as(answer.error(), action, cure_for_going_up(answer.error().number))
                          : explain(answer.error(), action);
}

Result<void> KernelLinks::set_down(int ifindex) {
    const auto answer = socket_->ask(change(ifindex, 0, IFF_UP));
    return answer ? Result<void>() : done(answer, text("setting ", name_of(ifindex), " down"));
}

Result<void> KernelLinks::set_mtu(int ifindex, std::uint32_t mtu) {
    Message request = change(ifindex);
    put_u32(*request, IFLA_MTU, mtu);
    const auto answer = socket_->ask(std::move(request));
    return answer ? Result<void>() : done(answer, text("setting the MTU of ", name_of(ifindex), " to ", mtu));
}

Result<void> KernelLinks::set_alias(int ifindex, const std::string& alias) {
    if (alias.size() > kMaxAlias) {  // as the kernel would say; but the message has to hold it first
        return explain({.number = ERANGE, .words = {}}, text("setting the alias of ", name_of(ifindex)));
    }
    Message request = change(ifindex);
    put_bytes(*request, IFLA_IFALIAS, alias);
    const auto answer = socket_->ask(std::move(request));
    return answer ? Result<void>() : done(answer, text("setting the alias of ", name_of(ifindex)));
}

Result<void> KernelLinks::rename(int ifindex, const InterfaceName& name) {
    Message request = change(ifindex);
    put_string(*request, IFLA_IFNAME, name.str());
    const auto answer = socket_->ask(std::move(request));
    return answer ? Result<void>() : done(answer, text("renaming ", name_of(ifindex), " to ", name.str()));
}

Result<void> KernelLinks::remove(int ifindex) {
    const std::string action = text("removing ", name_of(ifindex));
    const auto answer = socket_->ask(link_message(RTM_DELLINK, 0, {.ifindex = ifindex}));
    if (!answer) {
        return done(answer, action);
    }
    // For a CAN controller the kernel says yes and does nothing.
    const auto left = find(ifindex);
    if (left && *left) {
        return explain({.number = EOPNOTSUPP, .words = "it is hardware"}, action);
    }
    return {};
}

Result<std::optional<Link>> KernelLinks::find(int ifindex) {
    if (ifindex <= 0) {
        return std::nullopt;  // the kernel would look for a name and call its absence EINVAL
    }
    return one_link(socket_->ask(link_query(ifindex)), text("asking for link ", ifindex));
}

Result<std::optional<Link>> KernelLinks::find(const InterfaceName& name) {
    Message request = link_query(0);
    put_string(*request, IFLA_IFNAME, name.str());
    return one_link(socket_->ask(std::move(request)), text("asking for ", name.str()));
}

std::string KernelLinks::name_of(int ifindex) {
    const auto link = find(ifindex);
    return link && *link ? (*link)->name : text("link ", ifindex);
}

}  // namespace mqttcan::netlink
