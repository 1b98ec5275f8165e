// SPDX-License-Identifier: MIT
// One bus joined with one topic tree: frames of the interface are encoded and published, messages are decoded
// and written to it. The way through the house in one file:
//
//     CAN socket -> filter -> sample -> queue -> encode -> publish
//     CAN socket <- writer  <- filter <- decode <- message
//
// Both queues are bounded, drop the oldest, and drop what is older than max_age; every drop is counted. A
// failure of the link or of the broker closes one side and leaves the other waiting. The loop's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/model.hpp"
#include "daemon/bridge/confirmations.hpp"
#include "daemon/bridge/intake.hpp"
#include "daemon/bridge/publisher.hpp"
#include "daemon/bridge/sampler.hpp"
#include "daemon/bridge/status_teller.hpp"
#include "daemon/bridge/writer.hpp"
#include "daemon/can/id_filter.hpp"
#include "daemon/can/socket.hpp"
#include "daemon/codec/status.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/loop/rounds.hpp"
#include "daemon/mqtt/connection.hpp"

namespace mqttcan::bridge {

/// The interface that a bus is bridged with.
struct Interface {
    std::string name;
    int ifindex;
    bool controller = false;  ///< hardware or a serial adapter: it may fail, and tells of it
    Proof proof = Proof::none;
    bool echo = false;  ///< its driver tells when a frame was sent (IFF_ECHO)
};

/// What a bridge needs done about its interface. Called from the loop; the bridge may be closed meanwhile.
class Caretaker {
  public:
    virtual ~Caretaker() = default;
    /// The controller's state may have changed: an error frame says so.
    virtual void on_controller_news() = 0;
    /// The controller has just gone bus-off.
    virtual void on_bus_off() = 0;
    /// The bus takes nothing: what the interface's queues hold must never leave.
    virtual void on_stalled() = 0;
};

/// What goes on when the configuration of a bus changes, and with it its bridge.
struct Past {
    codec::BusCounters counters = {};
    std::uint32_t epoch = 0;  ///< in which it published; what is confirmed of that is its own, too
};

class Bridge final : public mqtt::Subscriber {
  public:
    /// Rounds (of its interface), connection and caretaker must outlive it; it adds itself to the connection,
    /// and leaves it when destroyed.
    Bridge(loop::Loop&, loop::Rounds&, mqtt::Connection&, config::Bus, Identity, Caretaker&, Log,
           const Past& past = {});
    ~Bridge() override;
    Bridge(const Bridge&) = delete;
    Bridge& operator=(const Bridge&) = delete;

    /// The interface is there and up.
    Result<void> open(const Interface&);
    /// It is not any more; what waited for it is dropped and counted.
    void close();

    /// Takes no more frames from either side; what the bus has sent still leaves through `flushed()`.
    void begin_stop();
    /// Nothing waits for the broker any more, or nothing can leave.
    bool flushed() const { return publisher_.empty() || !connection_.online(); }
    /// Counts what could not leave.
    void end_stop(Farewell farewell = Farewell::offline);
    /// What on_stalled() asked for is done.
    void purged() { writer_.purged(); }
    /// As the driver tells it; none when it cannot be asked.
    void set_controller(const std::optional<codec::ControllerStatus>&);

    const codec::BusCounters& counters();
    /// Whether the broker sends what the bus is for, as far as that is known to be fresh.
    bool joined() const { return status_.joined(); }
    /// None on a virtual link, and while there is none.
    const std::optional<codec::ControllerStatus>& controller() const { return controller_; }
    /// Of a client that is told what the bus has sent.
    std::optional<codec::RoundTrip> round_trip() const { return view().round_trip; }
    Past past() { return {counters(), publisher_.epoch()}; }

    void on_online() override;
    void on_offline(std::uint64_t acknowledged) override;
    void on_message(const mqtt::Message& message) override { intake_.take(message); }
    void on_overflow(std::uint64_t count) override;
    void on_batch_end() override;
    void on_arrived(bool accepted) override;
    void on_window() override;

  private:
    void on_readable();
    void drain(int batches);
    std::optional<std::size_t> receive();
    void lost_in_kernel(std::uint64_t frames);
    void take(can::Frame& frame);
    void take_error_frame(can::Frame& frame);
    void take_echo(can::Frame& frame);
    Writer::Owner writer_hooks();
    can::SocketOptions socket_options(const Interface&) const;
    void news();
    StatusTeller::View view() const;

    loop::Loop& loop_;
    loop::Rounds& rounds_;
    mqtt::Connection& connection_;
    config::Bus bus_;
    Log log_;
    Caretaker& caretaker_;
    Interface interface_{};

    std::optional<can::Socket> socket_;
    std::optional<loop::Rounds::Member> readable_;
    bool confirms_;  ///< clients are told what the bus has sent of theirs
    can::FrameFilter from_filter_;
    bool filter_here_ = true;  ///< the kernel does not do all of from_bus.filter
    Sampler sampler_;
    codec::BusCounters counters_;
    Publisher publisher_;
    StatusTeller status_;
    Writer writer_;
    Intake intake_;
    Confirmations confirmations_;
    std::optional<codec::ControllerStatus> controller_;
    codec::BusCounters before_outage_;  ///< of the broker
    bool had_outage_ = false;
    bool refusal_told_ = false;
    std::optional<codec::BusCounters> before_closing_;  ///< while the interface is away
};

}  // namespace mqttcan::bridge
