// SPDX-License-Identifier: MIT
// KernelLinks: CAN controllers, that is hardware and slcan.
#include <net/if.h>  // before linux/if.h, or neither compiles

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "netlink/controller.hpp"
#include "netlink/explain.hpp"
#include "netlink/kernel_links.hpp"
#include "netlink/route_socket.hpp"

namespace mqttcan::netlink {
namespace {

/// Whether it is made of a tty by a line discipline: slcan or can327. Those know no restart. Kernels before
/// 2025's "can_changelink(): fix NULL pointer deref" would jump to address 0 if it were asked of them while
/// in bus-off, so it must not be asked.
bool is_serial(int any_socket, const std::string& name) {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    ifreq request{};
    std::copy_n(name.begin(), std::min<std::size_t>(name.size(), IFNAMSIZ - 1), request.ifr_name);
    request.ifr_data = reinterpret_cast<char*>(&info);
    if (::ioctl(any_socket, SIOCETHTOOL, &request) < 0) {
        return false;
    }
    // Hardware answers with its driver; a link without a device behind it with its kind (6.1).
    const std::string_view driver(info.driver, ::strnlen(info.driver, sizeof(info.driver)));
    return driver == "can" || driver == "slcan" || driver == "can327";
}

constexpr const char* kNoRestart = "serial adapters know no restart";

}  // namespace

Result<Link> KernelLinks::controller_of(int ifindex, const char* doing) {
    const auto link = find(ifindex);
    if (!link) {
        return std::unexpected(link.error());
    }
    if (!*link) {
        return explain({.number = ENODEV, .words = {}}, text(doing, " link ", ifindex));
    }
    if (!(*link)->controller) {
        return explain_as({.number = EOPNOTSUPP, .words = {}}, text(doing, " ", (*link)->name),
                          "it has no CAN controller");
    }
    return **link;
}

Result<void> KernelLinks::configure(int ifindex, const CanSettings& settings) {
    const auto link = controller_of(ifindex, "configuring");
    if (!link) {
        return std::unexpected(link.error());
    }
    const CanSettings asked = without_what_is_off_anyway(settings, link->controller->settings);
    const std::string action = text("setting ", link->name, " to ", describe(settings));
    if (settings.restart.value_or(Duration::zero()) > Duration::zero() &&
        is_serial(socket_->fd(), link->name)) {
        return explain_settings({.number = EOPNOTSUPP, .words = kNoRestart}, action, settings);
    }
    const auto answer = socket_->ask(settings_request(ifindex, asked));
    return answer ? Result<void>() : explain_settings(answer.error(), action, settings);
}

Result<void> KernelLinks::restart(int ifindex) {
    const auto link = controller_of(ifindex, "restarting");
    if (!link) {
        return std::unexpected(link.error());
    }
    const std::string action = text("restarting ", link->name);
    constexpr const char* kInstead = "set the link down and up instead";
    if (is_serial(socket_->fd(), link->name)) {
        return explain_as({.number = EOPNOTSUPP, .words = kNoRestart}, action, kInstead);
    }
    const auto answer = socket_->ask(restart_request(ifindex));
    if (answer) {
        return {};
    }
    switch (answer.error().number) {
        case EOPNOTSUPP:
            return explain_as(answer.error(), action, kInstead);
        case EBUSY:
            return explain_as(answer.error(), action, "it is not in bus-off, or restarts by itself");
        default:
            return explain(answer.error(), action);
    }
}

Result<ControllerStatistics> KernelLinks::statistics(int ifindex) {
    const auto link = controller_of(ifindex, "reading the statistics of");
    if (!link) {
        return std::unexpected(link.error());
    }
    std::optional<ControllerStatistics> read;
    const auto answer = socket_->ask(
        link_query(ifindex), [&](std::span<const std::byte> message) { read = parse_statistics(message); });
    if (answer && read) {
        return *read;
    }
    return explain(answer ? Verdict{.number = ENODEV, .words = {}} : answer.error(),
                   text("reading the statistics of ", link->name));
}

}  // namespace mqttcan::netlink
