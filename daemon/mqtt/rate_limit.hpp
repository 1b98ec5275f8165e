// SPDX-License-Identifier: MIT
// What a broker, or a metered line, lets a connection send (`limits` of a broker entry). Spaces messages so
// that each second holds no more than allowed; a pause is not saved up. Pure, a value; time is an argument.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace mqttcan::mqtt {

class RateLimit {
  public:
    struct Settings {
        std::uint64_t messages_per_second = 0;  ///< 0: no limit, here and below
        std::uint64_t bytes_per_second = 0;
        bool operator==(const Settings&) const = default;
    };

    explicit RateLimit(const Settings& settings) : settings_(settings) {}

    bool allows(TimePoint now) const { return free_ <= now; }
    /// When it allows the next message.
    TimePoint free_at() const { return free_; }
    /// A message of so many bytes went out, whether it was allowed or not.
    void spent(std::size_t bytes, TimePoint now) {
        free_ = std::max(free_, now) + std::max(time_for(1, settings_.messages_per_second),
                                                time_for(bytes, settings_.bytes_per_second));
    }

  private:
    static Duration time_for(std::uint64_t amount, std::uint64_t per_second) {
        constexpr std::uint64_t kSecond = Duration(std::chrono::seconds(1)).count();
        return Duration(per_second == 0 ? 0 : static_cast<Duration::rep>(amount * kSecond / per_second));
    }

    Settings settings_;
    TimePoint free_{};
};

}  // namespace mqttcan::mqtt
