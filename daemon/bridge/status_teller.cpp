// SPDX-License-Identifier: MIT
#include "daemon/bridge/status_teller.hpp"

#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;

constexpr Duration kDropsInterval = 1s;    // a drop is told soon,
constexpr Duration kTrafficInterval = 5s;  // mere traffic seldom: the line may be metered

/// The service may not call adjtimex; then only systemd-timesyncd can tell, by a file that it leaves.
bool clock_synchronized() {
    timex state{};
    const int result = ::adjtimex(&state);  // modes 0: only reads
    if (result < 0) {
        return ::access("/run/systemd/timesync/synchronized", F_OK) == 0;
    }
    return result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

std::vector<std::string_view> names(const std::vector<config::Format>& formats) {
    std::vector<std::string_view> list;
    for (const config::Format format : formats) {
        list.push_back(name(format));
    }
    return list;
}

std::string_view state_of(const std::optional<codec::ControllerStatus>& controller) {
    return controller ? controller->state : std::string_view();
}

}  // namespace

StatusTeller::StatusTeller(loop::Loop& loop, mqtt::Connection& connection, const config::Bus& bus,
                           Identity identity, loop::Callback due)
    : connection_(connection),
      identity_(std::move(identity)),
      bus_(bus.name.str()),
      role_(config::name(bus.role)),
      buffers_(bus.from_bus.buffer > 0),
      formats_(names(bus.formats)),
      timer_(loop, std::move(due)) {}

void StatusTeller::tell(const View& now) {
    publish(now, now.interface.empty() ? "waiting" : "online");
}

void StatusTeller::tell_if_new(const View& now) {
    if (is_new(now)) {
        tell(now);
    }
}

void StatusTeller::tell_soon(const View& now) {
    if (state_of(now.controller) != state_of(told_controller_)) {
        tell(now);
    } else if (!timer_.armed() && joined_ && is_new(now)) {
        const bool dropped = now.counters.from_bus.dropped != told_.from_bus.dropped ||
                             now.counters.from_bus.unconfirmed != told_.from_bus.unconfirmed ||
                             now.counters.to_bus.dropped != told_.to_bus.dropped ||
                             now.counters.confirmations.dropped != told_.confirmations.dropped;
        timer_.arm(std::max(told_at_ + (dropped ? kDropsInterval : kTrafficInterval), BootClock::now()));
    }
}

void StatusTeller::end(Farewell farewell, const View& now) {
    timer_.disarm();
    if (farewell == Farewell::offline && !identity_.forget_status) {
        publish(now, "offline");
    } else if (farewell != Farewell::unsaid && !identity_.status_topic.empty()) {
        connection_.clear_retained(identity_.status_topic);
    }
    joined_ = false;
}

bool StatusTeller::is_new(const View& now) const {
    return now.counters != told_ || now.controller != told_controller_;
}

void StatusTeller::publish(const View& now, const char* state) {
    if (!joined_ || identity_.status_topic.empty()) {
        return;
    }
    told_ = now.counters;
    told_controller_ = now.controller;
    told_at_ = BootClock::now();
    connection_.publish_retained(identity_.status_topic, codec::to_json(codec::BusStatus{
                                                             .session = identity_.session,
                                                             .state = state,
                                                             .bus = bus_,
                                                             .role = std::string(role_),
                                                             .interface = std::string(now.interface),
                                                             .formats = formats_,
                                                             .time_synchronized = clock_synchronized(),
                                                             .version = identity_.version,
                                                             .connection = connection_.status_topic(),
                                                             .controller = now.controller,
                                                             .confirms = now.confirms,
                                                             .round_trip = now.round_trip,
                                                             .buffers = buffers_,
                                                             .clock_offset = now.clock_offset,
                                                             .counters = now.counters,
                                                         }));
}

}  // namespace mqttcan::bridge
