// SPDX-License-Identifier: MIT
// The best of what was seen lately, within the last 10 to 20 s: the largest, or by another order the
// smallest. Pure, a value; time is an argument and does not run backwards.
#pragma once

#include <functional>
#include <optional>

#include "base/clock.hpp"

namespace mqttcan::bridge {

template <typename Value, typename Better = std::greater<>>
class Recent {
  public:
    static constexpr Duration kSpan = std::chrono::seconds(10);

    void add(Value value, TimePoint now) {
        turn(now);
        if (!now_ || Better()(value, *now_)) {
            now_ = value;
        }
    }
    std::optional<Value> best(TimePoint now) const {
        Recent aged = *this;
        aged.turn(now);
        if (!aged.before_ || (aged.now_ && Better()(*aged.now_, *aged.before_))) {
            return aged.now_;
        }
        return aged.before_;
    }

  private:
    void turn(TimePoint now) {
        if (now - began_ >= kSpan) {
            before_ = now - began_ < 2 * kSpan ? now_ : std::nullopt;
            now_.reset();
            began_ = now;
        }
    }

    TimePoint began_{};
    std::optional<Value> now_;  ///< since then
    std::optional<Value> before_;
};

}  // namespace mqttcan::bridge
