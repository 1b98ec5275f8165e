// SPDX-License-Identifier: MIT
// The way to the bus: a bounded queue, the socket, and an eye on whether the bus takes what it is given.
// Frames that the kernel has taken but the bus has not are kept few, so that few can go stale where nobody
// can reach them: a window of frames that the driver has not echoed, or the least send buffer. The loop's
// thread.
#pragma once

#include <functional>
#include <optional>

#include "config/model.hpp"
#include "daemon/bridge/frame_queue.hpp"
#include "daemon/bridge/pulse.hpp"
#include "daemon/can/sender.hpp"
#include "daemon/codec/counters.hpp"
#include "daemon/loop/loop.hpp"

namespace mqttcan::bridge {

/// How it is known that a frame has left.
enum class Proof {
    none,   ///< a virtual link: what the kernel takes has arrived
    echo,   ///< the driver echoes what the controller has sent (IFF_ECHO)
    queue,  ///< the interface's queue empties; what the adapter itself holds is out of sight (slcan)
};

class Writer {
  public:
    struct Owner {
        /// Hears what the bus has said: a serial adapter that went bus-off swallows what it is given next.
        std::function<void()> listen;
        /// The kernel took these.
        std::function<void(std::span<const can::Frame>)> sent;
        /// The kernel refuses the frame, whatever is done: it is counted and said there.
        std::function<void(int error, const can::Frame&)> refused;
        /// The bus is dead: `lost` frames were dropped. What the kernel holds is to be purged; until purged()
        /// nothing is written. `again`: an attempt to write to a bus that was dead before.
        std::function<void(std::uint64_t lost, bool again)> stalled;
        /// It takes frames again, after so long, in which so many were dropped.
        std::function<void(Duration, std::uint64_t lost)> recovered;
    };

    Writer(loop::Loop&, const config::ToBus&, codec::Counters&, Owner);

    /// The sender must outlive it, until close(). `echoes`: echoed() tells of its frames, whatever that
    /// proves.
    void open(can::Sender&, Proof, bool echoes);
    /// What waited for the interface is dropped.
    void close(codec::Drop reason);
    /// Its age counts from `fresh_since`. False if the oldest frame was dropped to make room.
    bool push(const can::Frame& frame, TimePoint fresh_since) { return queue_.push(frame, fresh_since); }
    void write();

    /// Whether it would go on if it heard that a frame has left.
    bool waits_for_echo() const { return outstanding_ > 0 && !queue_.empty(); }
    /// So many of our frames came back.
    void echoed(std::uint64_t frames);
    /// Frames of other programs of this host have left: the bus takes frames, though not ours yet.
    void others_left();
    /// Echoes may be among frames that the kernel dropped: none is waited for any more.
    void lost_echoes();
    /// A frame of somebody else came from the bus.
    void heard() { pulse_.heard(); }
    /// The kernel holds nothing any more.
    void purged();
    /// While it lasts nothing is written.
    void set_bus_off(bool bus_off);

  private:
    // Frames without echo, at most:
    static constexpr std::size_t kHeld = 8;       ///< of the 10 that a controller's queue holds by default
    static constexpr std::size_t kUnread = 1024;  ///< where they wait for us: the receive buffer has 10,000

    std::size_t room() const;
    bool holds() const { return unsent_ > 0 || (proof_ == Proof::echo && outstanding_ > 0); }
    bool send_some(TimePoint now);
    void look_at_queue(TimePoint now, std::size_t added = 0);
    std::uint64_t stalled() const;
    void judge(TimePoint now, bool blocked);
    void give_up(TimePoint now);
    std::uint64_t drop_all();
    void moved(TimePoint now);

    loop::Loop& loop_;
    const config::ToBus& settings_;
    codec::Counters& count_;
    Owner owner_;
    FrameQueue queue_;
    Pulse pulse_;
    can::Sender* socket_ = nullptr;
    Proof proof_ = Proof::none;
    bool echoes_ = false;
    std::size_t outstanding_ = 0;  ///< frames without echo
    std::size_t unsent_ = 0;       ///< bytes, as last seen
    bool bus_off_ = false;
    bool purging_ = false;
    struct Death {
        TimePoint since;
        std::uint64_t dropped;  ///< before
    };
    std::optional<Death> death_ = {};  ///< was told
    loop::Timer timer_;
};

}  // namespace mqttcan::bridge
