// SPDX-License-Identifier: MIT
// A CAN_RAW socket bound to one interface (Documentation/networking/can.rst), read and written in batches.
// Non-blocking; the loop's thread. What it sent itself it hands out only if asked for, and then marked as an
// echo: nothing that came from MQTT may be taken for a frame of the bus. After its link is deleted it is dead
// for good (the kernel drops its filters): make a new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "daemon/can/frame.hpp"
#include "daemon/can/kernel_filter.hpp"
#include "daemon/can/sender.hpp"

namespace mqttcan::can {

struct SocketOptions {
    bool error_frames = false;       ///< receive all of the controller's error frames
    bool controller_states = false;  ///< only those that tell its state: warning, passive, bus-off, restarted
    KernelFilters filters = {};      ///< of data and remote frames; error frames are not their business
    /// Bytes, of which the kernel makes twice as many and at least 4608; 0: the system's default. The least
    /// holds 6 frames in the interface's queue (of 10, by default): then send() ends with EAGAIN instead of
    /// ENOBUFS, and POLLOUT tells when to go on. A queue that others filled is ENOBUFS still.
    int send_buffer = 0;
    /// Hear of one's own frames when the driver says that they were sent (CAN_RAW_RECV_OWN_MSGS); on a link
    /// that does not tell (without IFF_ECHO), when the kernel took them. Filters apply to them as to any
    /// frame.
    bool echoes = false;
};

/// What one receive() brought.
struct Received {
    std::size_t frames = 0;            ///< written to the front of the caller's span
    std::uint64_t kernel_dropped = 0;  ///< lost since the last call because the receive buffer was full
    std::uint64_t echoed = 0;          ///< among `frames`: own ones that left, with SocketOptions::echoes
    std::uint64_t local = 0;           ///< among `frames`: of other programs on this host
    bool drained = false;              ///< nothing more waits
};

class Socket final : public Sender {
  public:
    static constexpr std::size_t kBatch = 64;

    /// Binds to the interface, asks for FD frames, kernel time stamps and drop counts, and for a receive
    /// buffer that takes a burst (the default holds 278 frames). Fails with ENODEV if the link is gone.
    static Result<Socket> open(int ifindex, const SocketOptions&);

    int fd() const { return fd_.get(); }
    /// Up to kBatch frames. Fails with ENETDOWN (once; the same socket works when the link is up again) or
    /// ENODEV (the link was deleted).
    Result<Received> receive(std::span<Frame> into);
    Sent send(std::span<const Frame> frames) override;
    std::size_t unsent_bytes() const override;
    /// Frames the kernel dropped that no receive() has told yet: it reports a loss with the next frame only.
    std::uint64_t take_kernel_dropped();

  private:
    explicit Socket(UniqueFd fd) : fd_(std::move(fd)), drained_at_(BootClock::now()) {}

    std::uint64_t count_overflow(std::uint32_t total);

    UniqueFd fd_;
    std::uint32_t overflow_seen_ = 0;  ///< SO_RXQ_OVFL's running total, modulo 2^32
    TimePoint drained_at_;             ///< when nothing was left to read: what is read now came later
};

}  // namespace mqttcan::can
