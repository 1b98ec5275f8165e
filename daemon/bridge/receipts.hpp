// SPDX-License-Identifier: MIT
// Counts what becomes of the frames that a client publishes in format stream: confirmed by the server, or not
// in time; and how long a confirmation takes. The loop's thread.
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/bridge/awaited.hpp"
#include "daemon/bridge/recent.hpp"
#include "daemon/codec/counters.hpp"
#include "daemon/codec/status.hpp"
#include "daemon/loop/loop.hpp"

namespace mqttcan::bridge {

class Receipts {
  public:
    /// The counters must outlive it. `news` is called when some were given up, of which nothing else tells.
    Receipts(loop::Loop& loop, codec::Counters& count, loop::Callback news)
        : count_(count), news_(std::move(news)), timer_(loop, [this] { give_up(); }) {}

    void published(const Awaited::Message& message) {
        count_.unconfirmed += awaited_.published(message);
        if (!timer_.armed()) {
            timer_.arm(message.published + Awaited::kPatience);
        }
    }
    /// The message that brought the frame of that number, unless it was given up.
    std::optional<Awaited::Message> confirmed(std::uint64_t number, TimePoint now) {
        const auto message = awaited_.confirmed(number);
        if (message) {
            ++count_.confirmed;
            const Duration took = now - message->published;
            constexpr int kMemory = 8;  // RFC 6298
            smoothed_ = smoothed_ ? *smoothed_ + (took - *smoothed_) / kMemory : took;
            worst_.add(took, now);
        }
        return message;
    }
    /// None if nothing was confirmed lately.
    std::optional<codec::RoundTrip> round_trip(TimePoint now) const {
        const auto worst = worst_.best(now);
        return worst ? std::optional(codec::RoundTrip{*smoothed_, *worst}) : std::nullopt;
    }

  private:
    void give_up() {
        const std::uint64_t frames = awaited_.expire(BootClock::now());
        count_.unconfirmed += frames;
        if (const auto deadline = awaited_.deadline()) {
            timer_.arm(*deadline);
        }
        if (frames > 0) {
            news_();
        }
    }

    codec::Counters& count_;
    loop::Callback news_;
    Awaited awaited_;
    std::optional<Duration> smoothed_;
    Recent<Duration> worst_;
    loop::Timer timer_;
};

}  // namespace mqttcan::bridge
