// SPDX-License-Identifier: MIT
// What became of numbered frames: a Tally for each lane (one bus to another), and the latencies of all lanes
// together. Values; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mqttcan::bench {

struct Count {
    std::uint64_t delivered = 0;   ///< distinct frames that arrived
    std::uint64_t duplicated = 0;  ///< arrivals of a frame that had arrived before
    std::uint64_t reordered = 0;   ///< of the delivered: arrived after one that was sent later
    std::uint64_t foreign = 0;     ///< not sent by this measurement, or damaged

    Count& operator+=(const Count&);
    bool operator==(const Count&) const = default;
};

class Tally {
  public:
    /// Frames 0 to `expected` - 1 are sent.
    explicit Tally(std::uint32_t expected) : seen_(expected, false) {}

    /// Whether this is a frame's first arrival: then its latency counts.
    bool arrived(std::uint32_t number);
    void foreign() { ++count_.foreign; }

    const Count& count() const { return count_; }

  private:
    std::vector<bool> seen_;
    std::uint32_t next_ = 0;  ///< one more than the highest number that arrived
    Count count_;
};

/// Nearest rank: the smallest value that at least this share of all values does not exceed. `values` is put
/// in order on the way; it must not be empty.
struct Percentiles {
    std::uint32_t p50 = 0, p90 = 0, p99 = 0, max = 0;

    static Percentiles of(std::vector<std::uint32_t>& values);
    bool operator==(const Percentiles&) const = default;
};

}  // namespace mqttcan::bench
