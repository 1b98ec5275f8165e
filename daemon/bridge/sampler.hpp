// SPDX-License-Identifier: MIT
// Thins out the frames of a bus as from_bus.sample asks: of each ID at most one per interval, or only those
// that differ from the one before. Pure: time is an argument. The loop's thread.
//
// Both together: a frame that comes too early is dropped even if it differs. That is made good by the next
// one after the interval, because what it is compared with is the frame last taken. So the newest value goes
// out if the bus repeats it; one that is sent once, within the interval, never does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "config/model.hpp"
#include "daemon/can/frame.hpp"
#include "daemon/can/id_filter.hpp"

namespace mqttcan::bridge {

class Sampler {
  public:
    /// Extended IDs that are remembered. Frames of further ones pass: a stranger who sends all 2^29 IDs gets
    /// no memory for them.
    static constexpr std::size_t kExtendedIds = 65536;

    explicit Sampler(const std::vector<config::Sample>&);

    /// Whether to publish a frame that came at `arrived`. Error frames pass, and frames no rule matches.
    /// Remote frames are counted apart from the data frames of their ID: an answer is not too early after its
    /// request.
    bool take(const can::Frame&, TimePoint arrived);

  private:
    struct Rule {
        can::FrameFilter ids;
        Duration interval;
        bool on_change;
    };
    struct Taken {
        TimePoint at;
        can::Frame frame;
    };

    const Rule* rule_for(const can::Frame&) const;
    void remember(std::uint64_t key, const can::Frame&, TimePoint arrived);

    std::vector<Rule> rules_;
    std::unordered_map<std::uint64_t, Taken> taken_;  ///< by ID and kind
    std::size_t extended_ = 0;                        ///< of them
};

}  // namespace mqttcan::bridge
