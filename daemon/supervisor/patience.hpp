// SPDX-License-Identifier: MIT
// How often we put right what others undo: ten times at once, then every five seconds, until there was peace
// for a while. Pure, a value; time is an argument.
#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace mqttcan::supervisor {

class Patience {
  public:
    static constexpr int kAtOnce = 10;
    static constexpr Duration kPause = std::chrono::seconds(5);

    /// Whether it may be done now; then it counts as done.
    bool spend(TimePoint now) {
        const TimePoint calm = std::max(calm_at_, now);
        if (calm - now > (kAtOnce - 1) * kPause) {
            return false;
        }
        calm_at_ = calm + kPause;
        return true;
    }
    /// When it may be done again, after spend() said no.
    TimePoint next() const { return calm_at_ - (kAtOnce - 1) * kPause; }
    /// True once, the first time that it is worth a complaint since there was peace.
    bool complain(TimePoint now) {
        const bool news = complained_at_ == TimePoint{} || peace_since(complained_at_, now);
        complained_at_ = now;
        return news;
    }

  private:
    static bool peace_since(TimePoint then, TimePoint now) { return now - then > 2 * kAtOnce * kPause; }

    TimePoint calm_at_{};        ///< when all is forgotten
    TimePoint complained_at_{};  ///< when there was reason to, last
};

}  // namespace mqttcan::supervisor
