// SPDX-License-Identifier: MIT
#include "netlink/watcher.hpp"

#include <algorithm>
#include <cerrno>
#include <set>

#include "netlink/device.hpp"
#include "netlink/explain.hpp"
#include "netlink/message.hpp"
#include "netlink/route_socket.hpp"

namespace mqttcan::netlink {
namespace {

/// Datagrams per call. A namespace that changes faster than we read must not keep the loop in here; the
/// descriptor stays readable and the loop comes back.
constexpr int kMaxEvents = 4096;

bool concerns_can(std::span<const std::byte> datagram) {
    return std::ranges::any_of(messages_in(datagram), [](const auto message) {
        const auto report = parse_link(message);
        return report && report->link.is_can;
    });
}

}  // namespace

Result<std::unique_ptr<LinkWatcher>> LinkWatcher::open(int receive_buffer) {
    auto events = RouteSocket::for_link_events(receive_buffer);
    if (!events) {
        return std::unexpected(std::move(events.error()));
    }
    auto requests = RouteSocket::for_requests();
    if (!requests) {
        return std::unexpected(std::move(requests.error()));
    }
    std::unique_ptr<LinkWatcher> watcher(
        new LinkWatcher(std::make_unique<RouteSocket>(std::move(*events)),
                        std::make_unique<RouteSocket>(std::move(*requests))));
    if (auto seen = watcher->refresh(); !seen) {
        return std::unexpected(std::move(seen.error()));
    }
    return watcher;
}

LinkWatcher::LinkWatcher(std::unique_ptr<RouteSocket> events, std::unique_ptr<RouteSocket> requests)
    : events_(std::move(events)), requests_(std::move(requests)), devices_(std::make_unique<Devices>()) {}
LinkWatcher::~LinkWatcher() = default;

bool LinkWatcher::waits_for_udev() const {
    return devices_->waiting();
}

int LinkWatcher::fd() const {
    return events_->fd();
}

Result<bool> LinkWatcher::read_events() {
    bool look = false;
    for (int count = 0; count < kMaxEvents; ++count) {
        const auto datagram = events_->receive();
        if (datagram) {
            look = look || concerns_can(*datagram);
            continue;
        }
        const int number = datagram.error().number;
        if (number == EAGAIN) {
            break;
        }
        if (number != ENOBUFS && number != EMSGSIZE) {
            return explain(datagram.error(), "watching the links");
        }
        look = true;
    }
    return look;
}

Result<bool> LinkWatcher::drain() {
    // Events first, picture second: whatever changes after the picture makes the descriptor readable again.
    const auto look = read_events();
    if (!look) {
        return look;
    }
    look_ = look_ || *look;
    return look_ ? refresh() : Result<bool>(false);
}

Result<bool> LinkWatcher::refresh() {
    look_ = true;
    auto all = requests_->dump();
    if (!all) {
        return explain(all.error(), "listing the links");
    }
    std::map<int, Link> now;
    std::set<int> hardware;
    for (Link& link : *all) {
        if (!link.is_can) {
            continue;
        }
        const int ifindex = link.ifindex;
        if (link.kind != "vcan" && link.kind != "vxcan") {
            link.device = devices_->of(ifindex, link.name);
            hardware.insert(ifindex);
        }
        now.insert_or_assign(ifindex, std::move(link));
    }
    devices_->keep(hardware);
    look_ = false;
    const bool changed = now != links_;
    links_ = std::move(now);
    return changed;
}

}  // namespace mqttcan::netlink
