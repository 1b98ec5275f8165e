// SPDX-License-Identifier: MIT
// The way from messages to a bus, as far as its writer: what is no frame, or not in its sender's order, is
// refused; what is left is judged by age, filter and kind. Every frame that is dropped here is counted; what
// should not have come is told once per burst. The loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/model.hpp"
#include "daemon/bridge/clock_bounds.hpp"
#include "daemon/bridge/complaints.hpp"
#include "daemon/bridge/publisher.hpp"
#include "daemon/bridge/stream_reader.hpp"
#include "daemon/bridge/writer.hpp"
#include "daemon/can/id_filter.hpp"
#include "daemon/codec/counters.hpp"
#include "daemon/mqtt/connection.hpp"

namespace mqttcan::bridge {

/// What a bus subscribes to.
std::vector<mqtt::Subscription> subscriptions(const config::Bus&);

class Intake {
  public:
    /// All that is given must outlive it. `client_id`: of the connection; `past_epoch`: in which this bus
    /// published before its configuration changed (0: none).
    Intake(const config::Bus&, std::string client_id, codec::Counters& to_bus, Publisher&, Writer&,
           std::uint32_t past_epoch, Log);

    /// The interface is there; `controller`: it is no virtual one.
    void open(const Log& log, bool controller);
    /// From now on all that comes is dropped for that reason.
    void close(codec::Drop reason) { closed_ = reason; }

    void take(const mqtt::Message&);
    /// The kernel does not take that frame, whatever is done.
    void refused(const can::Frame& frame, codec::Drop reason);

    const ClockBounds& clock() const { return clock_; }

  private:
    void take_single(const mqtt::Message&);
    void take_stream(const mqtt::Message&);
    bool is_stale(const mqtt::Message&) const;
    bool is_ours(const can::Origin&) const;
    void accept(const can::Frame&, const mqtt::Message&, bool stale);
    void confirm(const can::Frame& frame, TimePoint now);
    std::optional<codec::Drop> judge(const can::Frame& frame) const;
    void refuse(codec::Drop reason, const mqtt::Message&);
    void complain(codec::Drop reason, std::string_view what, std::string_view level);

    const config::Bus& bus_;
    std::string client_id_;
    codec::Counters& count_;
    Publisher& publisher_;
    Writer& writer_;
    std::uint32_t past_epoch_;
    Log log_;
    can::FrameFilter filter_;
    StreamReader reader_;
    ClockBounds clock_;  ///< of a client's server
    Complaints complaints_;
    std::optional<codec::Drop> closed_ = codec::Drop::no_link;
    bool controller_ = false;
};

}  // namespace mqttcan::bridge
