// SPDX-License-Identifier: MIT
// How often something busy is looked after, as network cards moderate their interrupts: the first event after
// a pause at once, those that follow together, a moment later; the longer that moment, the more it costs here
// to look after them. Pure, a value; time is an argument.
#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace mqttcan::loop {

class Moderation {
  public:
    static constexpr Duration kLeastGap = std::chrono::milliseconds(1);
    static constexpr Duration kMostGap = std::chrono::milliseconds(5);

    /// What is done in one go may take this part of the time: the gap is `share` times what it costs.
    explicit Moderation(int share) : share_(share) {}

    /// When what is ready, or will be, may be looked after: at once if that is not after now.
    TimePoint due() const { return last_ + gap_; }
    /// There was something, and looking after it took from `began` to `ended`.
    void served(TimePoint began, TimePoint ended) {
        constexpr int kMemory = 8;
        cost_ += (ended - began - cost_) / kMemory;
        gap_ = std::clamp(share_ * cost_, kLeastGap, kMostGap);
        last_ = began;
    }
    Duration gap() const { return gap_; }

  private:
    int share_;
    Duration cost_{};
    Duration gap_ = kLeastGap;
    TimePoint last_{};
};

}  // namespace mqttcan::loop
