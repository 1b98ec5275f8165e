// SPDX-License-Identifier: MIT
// Time. Ages are measured on CLOCK_BOOTTIME, which goes on while the machine is suspended: a frame that
// waited in a sleeping laptop is old. Wall time (CLOCK_REALTIME) is only ever shown, never trusted.
#pragma once

#include <chrono>
#include <ctime>
#include <string>

#include "base/text.hpp"

namespace mqttcan {

using Duration = std::chrono::nanoseconds;

/// CLOCK_BOOTTIME as a C++ clock.
struct BootClock {
    using rep = Duration::rep;
    using period = Duration::period;
    using duration = Duration;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;

    static time_point now() noexcept {
        timespec ts{};
        ::clock_gettime(CLOCK_BOOTTIME, &ts);
        return time_point(std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec));
    }
};

using TimePoint = BootClock::time_point;

/// Microseconds since the UNIX epoch, as a CAN frame is stamped.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

inline WallTime wall_now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// For people: "2.1 s".
inline std::string seconds_text(Duration duration) {
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count() / 100;
    return text(tenths / 10, '.', tenths % 10, " s");
}

}  // namespace mqttcan
