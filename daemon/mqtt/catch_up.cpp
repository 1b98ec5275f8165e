// SPDX-License-Identifier: MIT
#include "daemon/mqtt/catch_up.hpp"

#include <utility>

namespace mqttcan::mqtt {

void CatchUp::train_sent(std::uint64_t first, std::uint64_t last, TimePoint now) {
    first_ = first;
    last_ = last;
    sent_ = now;
    gap_ = false;
}

std::optional<TimePoint> CatchUp::next_train() const {
    return !done() && last_ < first_ ? std::optional(sent_ + (with_gap_ > 0 ? kPause : kAgain))
                                     : std::nullopt;
}

void CatchUp::returned(std::uint64_t number) {
    const bool follows = number == std::exchange(latest_, number) + 1;
    const bool message_between = std::exchange(message_since_, false);
    if (done() || last_ < first_ || number < first_) {
        return;
    }
    gap_ |= follows && !message_between && number > first_ && number <= last_;
    if (number >= last_) {  // beyond it: its end was lost
        with_gap_ = gap_ ? with_gap_ + 1 : 0;
        last_ = first_ - 1;
    }
}

}  // namespace mqttcan::mqtt
