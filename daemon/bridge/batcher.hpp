// SPDX-License-Identifier: MIT
// When the frames that wait become a message of format stream. The first after a pause leaves at once; then
// frames gather for a while, as network cards moderate interrupts, and for the longer the more a message
// costs here. Pure, a value; time is an argument.
#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace mqttcan::bridge {

class Batcher {
  public:
    static constexpr Duration kLeastGap = std::chrono::milliseconds(1);
    static constexpr Duration kMostGap = std::chrono::milliseconds(5);
    /// A message may take this part of the time: the gap is so many times what one costs.
    static constexpr int kShare = 10;

    /// What waits to be published; at least one frame.
    struct Waiting {
        TimePoint oldest;     ///< when its first frame came
        bool urgent = false;  ///< a frame that must not linger is among it
        bool full = false;    ///< it fills a message
    };

    /// `linger`: how long frames may wait for others to share a message with; 0: no longer than the gap.
    explicit Batcher(Duration linger) : linger_(linger) {}

    /// When to publish it: at once, if that is not after now.
    TimePoint due(const Waiting& waiting) const {
        if (waiting.full) {
            return last_;
        }
        const TimePoint free = last_ + gap_;
        return waiting.urgent || linger_ == Duration::zero() ? free
                                                             : std::max(free, waiting.oldest + linger_);
    }

    /// A message was published; making it and handing it over took from `began` to `ended`.
    void published(TimePoint began, TimePoint ended) {
        constexpr int kMemory = 8;
        cost_ += (ended - began - cost_) / kMemory;
        gap_ = std::clamp(kShare * cost_, kLeastGap, kMostGap);
        last_ = began;
    }

    Duration gap() const { return gap_; }

  private:
    Duration linger_;
    Duration cost_{};
    Duration gap_ = kLeastGap;
    TimePoint last_{};
};

}  // namespace mqttcan::bridge
