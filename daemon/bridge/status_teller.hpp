// SPDX-License-Identifier: MIT
// Keeps a bus's retained status true (docs/wire-format.md, "Status"): at once when its state changes, soon
// after a drop, seldom for mere traffic, and never while its subscriptions do not stand. The loop's thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "config/model.hpp"
#include "daemon/codec/status.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/mqtt/connection.hpp"

namespace mqttcan::bridge {

/// What a bridge says of itself beside what it counts.
struct Identity {
    std::string session;
    std::string version;
    std::string status_topic;    ///< of the bus; empty: none
    bool forget_status = false;  ///< clear it on stop instead of saying offline (`mqttcan tunnel`)
};

/// What a bridge leaves behind as its bus's status.
enum class Farewell {
    offline,
    cleared,
    unsaid,  ///< another speaks on at once, on the same connection
};

class StatusTeller {
  public:
    /// What there is to tell.
    struct View {
        std::string_view interface;  ///< empty: none, the bus waits for it
        const codec::BusCounters& counters;
        const std::optional<codec::ControllerStatus>& controller;
        std::string_view confirms = {};
        std::optional<codec::RoundTrip> round_trip = {};
        std::optional<codec::ClockOffset> clock_offset = {};
    };

    /// The connection must outlive it. `due` is called from the loop, to call tell_if_new().
    StatusTeller(loop::Loop&, mqtt::Connection&, const config::Bus&, Identity, loop::Callback due);

    /// Whether the bus's subscriptions stand, so that what it says of itself is true.
    void set_joined(bool joined) { joined_ = joined; }
    bool joined() const { return joined_; }
    void tell(const View&);
    void tell_if_new(const View&);
    /// At once if the controller's state is another, otherwise when it is due.
    void tell_soon(const View&);
    /// Nothing is told afterwards.
    void end(Farewell, const View&);

  private:
    bool is_new(const View&) const;
    void publish(const View&, const char* state);

    mqtt::Connection& connection_;
    Identity identity_;
    std::string bus_;
    std::string_view role_;
    bool buffers_;
    std::vector<std::string_view> formats_;
    loop::Timer timer_;
    bool joined_ = false;
    TimePoint told_at_{};
    codec::BusCounters told_;  ///< as last published, and below
    std::optional<codec::ControllerStatus> told_controller_;
};

}  // namespace mqttcan::bridge
