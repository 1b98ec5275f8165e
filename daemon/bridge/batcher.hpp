// SPDX-License-Identifier: MIT
// When the frames that wait become a message of format stream: at once, since those that come together are
// read together (loop::Rounds); or after a while, where messages cost more than time. Pure; time is an
// argument.
#pragma once

#include "base/clock.hpp"

namespace mqttcan::bridge {

class Batcher {
  public:
    /// What waits to be published; at least one frame.
    struct Waiting {
        TimePoint oldest;     ///< when its first frame came
        bool urgent = false;  ///< a frame that must not linger is among it
        bool full = false;    ///< it fills a message
    };

    /// `linger`: how long frames may wait for others to share a message with.
    explicit Batcher(Duration linger) : linger_(linger) {}

    /// When to publish it.
    TimePoint due(const Waiting& waiting) const {
        return waiting.full || waiting.urgent ? waiting.oldest : waiting.oldest + linger_;
    }

  private:
    Duration linger_;
};

}  // namespace mqttcan::bridge
