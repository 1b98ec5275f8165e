// SPDX-License-Identifier: MIT
// Looks after the controller of one bus: asks its driver how it is, says when that changes and what usually
// causes it, and brings it back from bus-off where neither the kernel does nor the configuration forbids it.
// Warning and passive come without an event from the kernel, so it asks every second, and when an error frame
// calls. The loop's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "daemon/codec/status.hpp"
#include "daemon/loop/loop.hpp"
#include "netlink/links.hpp"

namespace mqttcan::supervisor {

class ControllerCare {
  public:
    struct Hooks {
        std::function<void(const std::optional<codec::ControllerStatus>&)> changed;
        /// Sets the interface down and up: the restart of drivers that know no other.
        std::function<Result<void>()> cycle;
    };

    struct Pauses {
        Duration interval = std::chrono::seconds(1);    ///< between two looks
        Duration soon = std::chrono::milliseconds(10);  ///< before one that is called for
        Duration first = std::chrono::seconds(1);       ///< before a restart; doubled with each
        Duration longest = std::chrono::seconds(60);
        Duration healthy = std::chrono::seconds(30);  ///< after so long the next bus-off is a new story
    };

    ControllerCare(loop::Loop&, netlink::Links&, bool heal_bus_off, Log, Hooks, Pauses);
    ControllerCare(loop::Loop& loop, netlink::Links& links, bool heal_bus_off, Log log, Hooks hooks)
        : ControllerCare(loop, links, heal_bus_off, std::move(log), std::move(hooks), Pauses()) {}

    void open(int ifindex, Log log);
    void close();
    /// Something may have changed. Cheap: several calls in a row are one look.
    void look_soon();

  private:
    void look();
    void look_later();
    void tell(netlink::ControllerState before, const netlink::Link&);
    void plan_restart(const netlink::Link&);
    void restart();

    netlink::Links& links_;
    Pauses pauses_;
    bool heal_;
    Hooks hooks_;
    Log log_;
    int ifindex_ = 0;
    std::optional<netlink::ControllerState> state_;
    netlink::ControllerState health_ = netlink::ControllerState::error_active;  ///< as last seen while it ran
    TimePoint ill_since_{};
    TimePoint well_since_{};
    Duration pause_;  ///< before the next restart
    TimePoint look_at_{};
    loop::Timer look_timer_;
    loop::Timer restart_timer_;
};

}  // namespace mqttcan::supervisor
