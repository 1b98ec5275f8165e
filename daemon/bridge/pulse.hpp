// SPDX-License-Identifier: MIT
// Whether a bus takes the frames that are written to it: busy or dead? As long as frames leave, a queue may
// be as long as it likes. When none has left for `stall` although some wait, the bus is dead; then nothing is
// written, until a pause is over, which grows with each attempt that fails, or until something is heard on a
// bus that was silent. Pure; time is an argument.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "base/clock.hpp"

namespace mqttcan::bridge {

class Pulse {
  public:
    explicit Pulse(Duration stall) : stall_(stall) {}

    /// False while the bus is thought dead.
    bool alive(TimePoint now) const { return !dead_until_ || now >= *dead_until_; }
    /// Frames wait for the bus, in the kernel or here.
    void waiting(TimePoint now) {
        if (!waiting_since_) {
            waiting_since_ = now;
            heard_ = false;
        }
    }
    /// Nothing waits any more.
    void idle() { waiting_since_.reset(); }
    /// A frame has left.
    void moved(TimePoint now) {
        if (waiting_since_) {
            waiting_since_ = now;
        }
        dead_until_.reset();
        pause_ = kFirstPause;
    }
    /// Somebody else is on the bus, so it is worth another try: unless he was there all along and our frames
    /// did not leave for it (nobody acknowledges them, or they never win the bus).
    void heard() {
        if (!std::exchange(heard_, true)) {
            dead_until_.reset();
        }
    }
    /// Nothing has left for too long.
    bool stalled(TimePoint now) const { return waiting_since_ && now - *waiting_since_ >= stall_; }
    /// What waited has been dropped.
    void give_up(TimePoint now) {
        waiting_since_.reset();
        dead_until_ = now + pause_;
        pause_ = std::min(2 * pause_, kLongestPause);
    }
    /// When stalled() will be true if nothing happens.
    std::optional<TimePoint> deadline() const {
        return waiting_since_ ? std::optional(*waiting_since_ + stall_) : std::nullopt;
    }

  private:
    static constexpr Duration kFirstPause = std::chrono::milliseconds(500);
    static constexpr Duration kLongestPause = std::chrono::seconds(5);

    Duration stall_;
    std::optional<TimePoint> waiting_since_ = {};
    std::optional<TimePoint> dead_until_ = {};
    Duration pause_ = kFirstPause;
    bool heard_ = false;  ///< since frames wait
};

}  // namespace mqttcan::bridge
