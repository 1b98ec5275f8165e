// SPDX-License-Identifier: MIT
#include "tests/bench/tally.hpp"

#include <algorithm>

namespace mqttcan::bench {

Count& Count::operator+=(const Count& other) {
    delivered += other.delivered;
    duplicated += other.duplicated;
    reordered += other.reordered;
    foreign += other.foreign;
    return *this;
}

bool Tally::arrived(std::uint32_t number) {
    if (number >= seen_.size()) {
        foreign();
        return false;
    }
    if (seen_[number]) {
        ++count_.duplicated;
        return false;
    }
    seen_[number] = true;
    ++count_.delivered;
    if (number < next_) {
        ++count_.reordered;
    } else {
        next_ = number + 1;
    }
    return true;
}

Percentiles Percentiles::of(std::vector<std::uint32_t>& values) {
    std::ranges::sort(values);
    const auto at = [&](std::size_t percent) { return values[(values.size() * percent + 99) / 100 - 1]; };
    return {at(50), at(90), at(99), values.back()};
}

}  // namespace mqttcan::bench
