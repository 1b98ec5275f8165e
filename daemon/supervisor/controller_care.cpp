// SPDX-License-Identifier: MIT
#include "daemon/supervisor/controller_care.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace mqttcan::supervisor {
namespace {

using netlink::ControllerState;

std::string_view name(ControllerState state) {
    constexpr std::array<std::string_view, 6> kNames = {"error-active", "error-warning", "error-passive",
                                                        codec::kBusOff, "stopped",       "sleeping"};
    return kNames.at(static_cast<std::size_t>(state));
}

bool is_ill(ControllerState state) {
    return state == ControllerState::error_passive || state == ControllerState::bus_off;
}

codec::ControllerStatus status_of(const netlink::Link& link, const netlink::ControllerStatistics& counted) {
    const CanSettings settings = link.controller ? link.controller->settings : CanSettings{};
    return {
        .state = std::string(name(counted.state)),
        .bitrate = settings.bitrate,
        .data_bitrate = settings.data_bitrate,
        .tx_errors = counted.tx_errors,
        .rx_errors = counted.rx_errors,
        .bus_errors = counted.bus_errors,
        .error_warnings = counted.error_warnings,
        .error_passives = counted.error_passives,
        .bus_offs = counted.bus_offs,
        .arbitration_lost = counted.arbitration_lost,
        .restarts = counted.restarts,
    };
}

}  // namespace

ControllerCare::ControllerCare(loop::Loop& loop, netlink::Links& links, bool heal_bus_off, Log log,
                               Hooks hooks, Pauses pauses)
    : links_(links),
      pauses_(pauses),
      heal_(heal_bus_off),
      hooks_(std::move(hooks)),
      log_(std::move(log)),
      pause_(pauses.first),
      look_timer_(loop, [this] { look(); }),
      restart_timer_(loop, [this] { restart(); }) {}

void ControllerCare::open(int ifindex, Log log) {
    log_ = std::move(log);
    ifindex_ = ifindex;
    state_.reset();
    health_ = ControllerState::error_active;
    look();
}

void ControllerCare::close() {
    ifindex_ = 0;
    look_timer_.disarm();
    restart_timer_.disarm();
}

void ControllerCare::look_soon() {
    if (ifindex_ != 0) {
        // Calls that never end do not put it off.
        look_at_ = std::min(look_at_, BootClock::now() + pauses_.soon);
        look_timer_.arm(look_at_);
    }
}

void ControllerCare::look_later() {
    look_at_ = BootClock::now() + pauses_.interval;
    look_timer_.arm(look_at_);
}

void ControllerCare::look() {
    if (ifindex_ == 0) {
        return;
    }
    const auto link = links_.find(ifindex_);
    const auto counted =
        link && *link
            ? links_.statistics(ifindex_)
            : Result<netlink::ControllerStatistics>(fail(std::errc::no_such_device, "the interface is gone"));
    if (!counted) {
        hooks_.changed(std::nullopt);  // its driver tells nothing, or the link is just going
        if (link && *link && counted.error().code == std::errc::operation_not_supported) {
            look_at_ = TimePoint::max();
            return;
        }
        look_later();
        return;
    }
    const bool changed = counted->state != state_;
    state_ = counted->state;
    hooks_.changed(status_of(**link, *counted));
    // Stopped is a link that is down, for a moment perhaps: that says nothing of its health.
    if (changed && *state_ != ControllerState::stopped && *state_ != ControllerState::sleeping) {
        tell(std::exchange(health_, *state_), **link);
    }
    look_later();
}

void ControllerCare::tell(ControllerState before, const netlink::Link& link) {
    const TimePoint now = BootClock::now();
    if (!is_ill(*state_) && is_ill(before)) {
        well_since_ = now;
        restart_timer_.disarm();
        log_.notice("the controller is ", name(*state_), " again, after ", seconds_text(now - ill_since_));
        return;
    }
    if (is_ill(*state_) && !is_ill(before)) {
        ill_since_ = now;
    }
    if (*state_ == ControllerState::error_passive) {
        log_.warning(
            "the controller is error-passive: its frames are not acknowledged, or not understood "
            "(no other node, another bit rate, the wrong oscillator setting, no termination?)");
    } else if (*state_ == ControllerState::bus_off) {
        plan_restart(link);
    } else if (*state_ == ControllerState::error_warning && before == ControllerState::error_active) {
        log_.info("the controller counts errors on the bus (error-warning)");
    }
}

void ControllerCare::plan_restart(const netlink::Link& link) {
    constexpr std::string_view kCauses =
        "the controller is bus-off: it has taken itself off the bus after too many errors "
        "(another bit rate, the wrong oscillator setting, a short circuit, no termination?); ";
    const auto by_kernel = link.controller ? link.controller->settings.restart : std::nullopt;
    if (by_kernel && *by_kernel > Duration::zero()) {
        log_.error(kCauses, "the kernel restarts it after ",
                   std::chrono::duration_cast<std::chrono::milliseconds>(*by_kernel).count(), " ms");
        return;
    }
    if (!heal_) {
        log_.error(kCauses, "it stays so, since its bus says \"restart\": \"never\": ip link set ", link.name,
                   " type can restart");
        return;
    }
    const TimePoint now = BootClock::now();
    pause_ = now - well_since_ > pauses_.healthy ? pauses_.first : pause_;
    log_.error(kCauses, "it is restarted in ", seconds_text(pause_));
    restart_timer_.arm(now + pause_);
}

void ControllerCare::restart() {
    if (ifindex_ == 0 || state_ != ControllerState::bus_off) {
        return;
    }
    auto done = links_.restart(ifindex_);
    if (!done && done.error().code == std::errc::operation_not_supported) {
        done = hooks_.cycle();
    }
    if (!done) {
        log_.error(done.error().what);
    }
    // A restart that ends in bus-off at once is no recovery.
    pause_ = std::min(2 * pause_, pauses_.longest);
    restart_timer_.arm(BootClock::now() + pause_);
    look_soon();
}

}  // namespace mqttcan::supervisor
