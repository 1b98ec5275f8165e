// SPDX-License-Identifier: MIT
// Says once per burst that messages are being refused, and why: a flood must not fill the journal. Pure but
// for the log.
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

  private:
    std::array<std::optional<TimePoint>, codec::kDrops> last_{};
};

}  // namespace mqttcan::bridge
