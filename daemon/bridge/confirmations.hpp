// SPDX-License-Identifier: MIT
// Which frame that a bus has sent was asked for by whom (docs/wire-format.md, "Confirmation"): what the
// kernel took of us, in that order, against what it gives back as sent. Pure, bounded; time is an argument.
#pragma once

#include <optional>

#include "daemon/bridge/frame_queue.hpp"

namespace mqttcan::bridge {

class Confirmations {
  public:
    /// More than a Writer lets be without an echo.
    static constexpr std::size_t kMost = 2048;
    /// What has no echo for so long has been lost on its way to the bus.
    static constexpr Duration kPatience = std::chrono::seconds(10);

    /// The kernel took it.
    void sent(const can::Frame& frame, TimePoint now) { sent_.push(frame, now); }
    /// Who asked for it; none if nobody can be told. Drivers keep the order of what one socket sends, so what
    /// was sent before it has no echo that is still to come.
    std::optional<can::Origin> echoed(const can::Frame& echo, TimePoint now) {
        while (!sent_.empty() && now - sent_.front().arrived > kPatience) {
            sent_.pop();
        }
        for (std::size_t i = 0; i < sent_.size(); ++i) {
            if (sent_[i].same_content(echo)) {
                const can::Origin origin = sent_[i].origin;
                sent_.pop(i + 1);
                return origin;
            }
        }
        return std::nullopt;
    }
    /// What the kernel had is gone: bus-off, a restart, another interface.
    void forget() { sent_.clear(); }

  private:
    FrameQueue sent_{kMost};
};

}  // namespace mqttcan::bridge
