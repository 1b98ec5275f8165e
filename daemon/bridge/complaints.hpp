// SPDX-License-Identifier: MIT
// Says once per burst that messages are being refused, and why, or that frames are missing: a flood must not
// fill the journal. Pure but for the log.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "daemon/codec/counters.hpp"

namespace mqttcan::bridge {

class Complaints {
  public:
    /// `level` is the last level of the message's topic, `what` leads to it.
    void complain(const Log& log, codec::Drop reason, std::string_view what, std::string_view level,
                  TimePoint now);

    /// Frames that never came, as their numbers tell; of that client, or if it is empty of the server.
    void missing(const Log& log, std::string_view client, std::uint64_t frames, TimePoint now);

  private:
    static bool begins(std::optional<TimePoint>& last, TimePoint now);

    std::optional<TimePoint> last_missing_;
    std::array<std::optional<TimePoint>, codec::kDrops> last_{};
};

}  // namespace mqttcan::bridge
