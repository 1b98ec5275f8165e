// SPDX-License-Identifier: MIT
// Whether the broker has worked off what others sent it before our session began. A broker that stood still
// (frozen, swapped out, its machine suspended) has a backlog then, older than any max_age, which reaches us
// after our first ticks all the same: a broker reads from its connections in turn. That gives it away. While
// there is a backlog, no tick follows upon another without a message between, however fast both were sent. So
// ticks are sent in trains, and no message is believed until two of them, a moment apart, have come back with
// a gap. (docs/wire-format.md, rules for every connection.) Pure bookkeeping; time is an argument.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace mqttcan::mqtt {

class CatchUp {
  public:
    static constexpr std::uint64_t kTrain = 3;  ///< ticks; fewer than Fence::kWindow, so that it stays open
    static constexpr Duration kPause = std::chrono::milliseconds(100);  ///< after a train with a gap
    static constexpr Duration kAgain = std::chrono::milliseconds(20);   ///< after one without a gap
    static constexpr int kEnough = 2;                                   ///< trains with a gap, in a row

    /// Ticks of these numbers were sent, and nothing between them.
    void train_sent(std::uint64_t first, std::uint64_t last, TimePoint now);
    /// When the next train is to be sent; none while one is under way, or when it is done.
    std::optional<TimePoint> next_train() const;
    /// Somebody's message was received, or lost on its way to us; not a retained one, which has no place
    /// among the others.
    void message() { message_since_ = true; }
    /// One or more may be missing.
    void returned(std::uint64_t number);
    bool done() const { return with_gap_ >= kEnough; }

  private:
    TimePoint sent_{};
    std::uint64_t first_ = 1;
    std::uint64_t last_ = 0;      ///< of the train; below first_: none is under way
    std::uint64_t latest_ = 0;    ///< tick that came back
    bool message_since_ = false;  ///< since then
    bool gap_ = false;            ///< this train had one
    int with_gap_ = 0;            ///< trains in a row
};

}  // namespace mqttcan::mqtt
