// SPDX-License-Identifier: MIT
// Counts a bus's published frames by the tick that will prove their arrival at the broker, so that a lost
// connection tells how many are in doubt. Pure.
#pragma once

#include <array>
#include <cstdint>

namespace mqttcan::bridge {

class InFlight {
  public:
    /// So many frames were published that tick number `covering` (see mqtt::Connection) will prove.
    void published(std::uint64_t covering, std::uint64_t frames) {
        Bucket& bucket = buckets_[covering % buckets_.size()];
        if (bucket.tick != covering) {
            bucket = {covering, 0};
        }
        bucket.frames += frames;
    }
    /// The connection is gone; ticks up to `acknowledged` were. Returns how many frames may not have arrived.
    std::uint64_t lost(std::uint64_t acknowledged) {
        std::uint64_t frames = 0;
        for (const Bucket& bucket : buckets_) {
            frames += bucket.tick > acknowledged ? bucket.frames : 0;
        }
        buckets_ = {};
        return frames;
    }

  private:
    struct Bucket {
        std::uint64_t tick = 0;
        std::uint64_t frames = 0;
    };
    // More than the ticks that can be unacknowledged at once (mqtt::Fence::kWindow and the one to come).
    std::array<Bucket, 8> buckets_{};
};

}  // namespace mqttcan::bridge
