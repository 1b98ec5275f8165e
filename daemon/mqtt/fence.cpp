// SPDX-License-Identifier: MIT
#include "daemon/mqtt/fence.hpp"

#include <algorithm>

namespace mqttcan::mqtt {

bool Fence::due(TimePoint now) const {
    if (!open()) {
        return false;
    }
    if (bytes_ >= kBytesPerTick || frames_ >= kFramesPerTick) {
        return true;
    }
    const bool wanted = settings_.returning || frames_ > 0;
    return wanted && (sent_ == 0 || now - last_sent_ >= settings_.period);
}

std::uint64_t Fence::tick_sent(TimePoint now) {
    ++sent_;
    times_[sent_ % times_.size()] = now;
    last_sent_ = now;
    bytes_ = 0;
    frames_ = 0;
    return sent_;
}

void Fence::acknowledged(std::uint64_t number) {
    if (number <= sent_) {
        acknowledged_ = std::max(acknowledged_, number);
    }
}

void Fence::returned(std::uint64_t number) {
    // A number that is not under way is somebody else's doing, or too old to matter.
    if (number > sent_ || number <= returned_ || sent_ - number >= times_.size()) {
        return;
    }
    returned_ = number;
    fresh_since_ = sent_at(number);
}

bool Fence::dead(TimePoint now) const {
    return answered() < sent_ && now - sent_at(answered() + 1) >= settings_.dead_after;
}

bool Fence::deaf(TimePoint now) const {
    constexpr std::uint64_t kPatience = 5;
    constexpr Duration kFirst = std::chrono::seconds(2);  // nothing was believed yet, however old it may be
    const Duration patience = returned_ > 0 ? settings_.dead_after : std::min(kFirst, settings_.dead_after);
    return settings_.returning && acknowledged_ >= returned_ + kPatience && now - fresh_since_ > patience;
}

std::optional<TimePoint> Fence::next_event() const {
    std::optional<TimePoint> next;
    const auto consider = [&](TimePoint when) { next = next ? std::min(*next, when) : when; };
    if (open() && (settings_.returning || frames_ > 0)) {
        consider(last_sent_ + settings_.period);
    }
    if (answered() < sent_) {
        consider(sent_at(answered() + 1) + settings_.dead_after);
    }
    return next;
}

}  // namespace mqttcan::mqtt
