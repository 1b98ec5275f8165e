// SPDX-License-Identifier: MIT
// The way from the bus to the broker: a bounded queue, and what becomes of it in each format that the bus
// speaks. Frames are numbered as they come, so that a receiver of format stream sees every loss, wherever it
// happened. The loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/model.hpp"
#include "daemon/bridge/batcher.hpp"
#include "daemon/bridge/frame_queue.hpp"
#include "daemon/bridge/history.hpp"
#include "daemon/bridge/in_flight.hpp"
#include "daemon/bridge/receipts.hpp"
#include "daemon/can/id_filter.hpp"
#include "daemon/codec/counters.hpp"
#include "daemon/codec/stream.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/mqtt/connection.hpp"

namespace mqttcan::bridge {

class Publisher {
  public:
    /// All that is given must outlive it. `owner` calls publish() in its on_window(); `news` is called when
    /// something was counted that it does not know of.
    Publisher(loop::Loop&, mqtt::Connection&, mqtt::Subscriber& owner, const config::Bus&,
              codec::BusCounters&, loop::Callback news);

    /// Frames of the bus that were lost before they came here: they have their numbers, too.
    void skip(std::uint64_t frames);
    /// One that is to be published; it gets its number.
    void push(can::Frame&);
    /// What is due. Called when frames came and when the connection may take some.
    void publish();
    /// Nothing waits for company any more.
    void hurry();
    /// The oldest message of history that was under way has ended.
    void on_arrived(bool accepted);
    bool empty() const { return queue_.empty(); }
    /// Forgets all that waits, and counts it.
    void drop_all(codec::Drop reason);
    void on_online() { beat_soon(); }
    /// Nothing after that tick is known to have arrived.
    void on_offline(std::uint64_t acknowledged);
    /// Of format stream: what its messages say.
    std::uint32_t epoch() const { return encoder_ ? encoder_->epoch() : 0; }
    /// What becomes of its frames; clients in format stream only.
    std::optional<Receipts>& receipts() { return receipts_; }
    const std::optional<Receipts>& receipts() const { return receipts_; }

  private:
    struct Singles {        ///< format savvycan
        std::string topic;  ///< reused; its first `prefix` bytes are fixed
        std::size_t prefix;
        std::size_t done = 0;  ///< so many of the queue's first frames are published, but wait for the stream
    };

    codec::Counters& count_of(const can::Frame& frame) const {
        return frame.echo ? counters_.confirmations : counters_.from_bus;
    }
    void drop_first(codec::Drop reason);
    void set_aside(codec::Drop reason);
    void publish_history();
    void drop_stale();
    void pop(std::size_t frames);
    void pop_published(std::size_t frames, std::uint64_t covering);
    void publish_singles();
    bool publish_single(const can::Frame&);
    void publish_stream();
    bool publish_message();
    void beat();
    void beat_soon();
    void beat_at(TimePoint when);
    Batcher::Waiting waiting() const;

    mqtt::Connection& connection_;
    mqtt::Subscriber& owner_;
    const config::FromBus& settings_;
    codec::BusCounters& counters_;
    FrameQueue queue_;
    InFlight in_flight_;
    InFlight confirmations_in_flight_;
    std::uint64_t next_ = 0;  ///< number of the next frame

    std::optional<Singles> singles_;
    std::optional<codec::stream::Encoder> encoder_;
    std::optional<Receipts> receipts_;
    std::optional<History> history_;  ///< with from_bus.buffer
    std::string backfill_topic_;
    std::string stream_topic_;
    Batcher batcher_;
    can::FrameFilter urgent_;
    bool urgent_waits_ = false;
    bool hurry_ = false;
    std::size_t bytes_ = 0;  ///< about so many in messages of format stream
    loop::Timer batch_timer_;
    loop::Timer heartbeat_timer_;
    TimePoint beat_at_{};  ///< when that calls
    TimePoint quiet_{};    ///< until then no heartbeat is due
};

}  // namespace mqttcan::bridge
