// SPDX-License-Identifier: MIT
// How long to wait before the next attempt to connect. Pure.
#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace mqttcan::mqtt {

/// The first retry comes after 0-500 ms. From then on the wait is a sixteenth of the outage so far, thus the
/// attempts thin out exponentially, but a broker that was away for two seconds is found again in an eighth
/// of one. `chance` is uniform in [0, 1): many daemons must not come back at the same instant.
inline Duration reconnect_delay(Duration outage, bool first, double chance, Duration longest) {
    using std::chrono::milliseconds;
    if (first) {
        return std::min(longest,
                        Duration(static_cast<Duration::rep>(chance * Duration(milliseconds(500)).count())));
    }
    const Duration ceiling = std::clamp(outage / 16, std::min(longest, Duration(milliseconds(100))), longest);
    return Duration(static_cast<Duration::rep>(static_cast<double>(ceiling.count()) * (0.5 + chance / 2)));
}

}  // namespace mqttcan::mqtt
