// SPDX-License-Identifier: MIT
// How far the clock of a bus's other end is ahead of ours, or behind: nothing arrives before it was sent, and
// no question is answered before it was asked. To be shown, never trusted. Pure; time is an argument.
#pragma once

#include "daemon/bridge/recent.hpp"

namespace mqttcan::bridge {

class ClockBounds {
  public:
    using Offset = WallTime::duration;

    /// Something that was stamped there arrived here.
    void received(WallTime stamp, WallTime here, TimePoint now) {
        if (const auto offset = between(stamp, here)) {
            at_least_.add(*offset, now);
        }
    }
    /// Something that we said was answered there.
    void answered(WallTime said, WallTime stamp, TimePoint now) {
        if (const auto offset = between(stamp, said)) {
            at_most_.add(*offset, now);
        }
    }

    /// Theirs minus ours, at the best of what was seen lately; none if nothing was.
    std::optional<Offset> at_least(TimePoint now) const { return at_least_.best(now); }
    std::optional<Offset> at_most(TimePoint now) const { return at_most_.best(now); }

  private:
    /// A stamp may be any number.
    static std::optional<Offset> between(WallTime there, WallTime here) {
        Offset::rep offset = 0;
        return __builtin_sub_overflow(there.time_since_epoch().count(), here.time_since_epoch().count(),
                                      &offset)
                   ? std::nullopt
                   : std::optional(Offset(offset));
    }

    Recent<Offset, std::greater<>> at_least_;
    Recent<Offset, std::less<>> at_most_;
};

}  // namespace mqttcan::bridge
