// SPDX-License-Identifier: MIT
// What a writer of frames needs of a socket: a seam, so that a dead bus can be played.
#pragma once

#include <cstddef>
#include <span>

#include "daemon/can/frame.hpp"

namespace mqttcan::can {

/// What one send() came to. Frames before `sent` are with the kernel.
struct Sent {
    std::size_t sent = 0;
    /// Why the frame after them was not taken: 0 (all were), ENOBUFS or EAGAIN (try again later),
    /// ENETDOWN (link down), ENODEV or ENXIO (link gone), EINVAL (FD frame on a classic link), ...
    int error = 0;
};

class Sender {
  public:
    virtual ~Sender() = default;

    /// Up to Socket::kBatch frames are tried.
    virtual Sent send(std::span<const Frame> frames) = 0;
    /// What its frames occupy in the interface's queue, as SO_SNDBUF counts it (768 bytes each). Those in the
    /// controller or its driver are not in it. While it does not fall, the bus takes nothing. Bus-off empties
    /// it: a link without carrier swallows what it is given.
    virtual std::size_t unsent_bytes() const = 0;

  protected:
    Sender() = default;
    Sender(const Sender&) = default;
    Sender& operator=(const Sender&) = default;
    Sender(Sender&&) = default;
    Sender& operator=(Sender&&) = default;
};

}  // namespace mqttcan::can
