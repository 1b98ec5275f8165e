// SPDX-License-Identifier: MIT
// Filters of arbitration IDs as they are applied to frames in this process: what the kernel cannot express,
// or what never was in the kernel (frames that go to a bus). Built once, asked for each frame without
// allocating. Values; any thread.
#pragma once

#include <bitset>
#include <cstdint>
#include <vector>

#include "base/can_id.hpp"
#include "daemon/can/frame.hpp"

namespace mqttcan::can {

/// IDs of one kind, both ends included.
struct IdRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;

    bool operator==(const IdRange&) const = default;
};

/// The patterns without mask that are of this kind, sorted, and joined where they touch.
std::vector<IdRange> merged_ranges(const std::vector<IdPattern>&, bool extended);

class FrameFilter {
  public:
    explicit FrameFilter(const IdFilter&);

    /// Remote frames pass as data frames of their ID do; error frames, which have none, always.
    bool passes(const Frame& frame) const {
        if (frame.error) {
            return true;
        }
        return frame.extended ? passes_extended(frame.id) : standard_.test(frame.id & kMaxStandardId);
    }

  private:
    /// 29 bits are too many for a bitmap: ranges to search, masks to try one by one.
    struct ExtendedIds {
        std::vector<IdRange> ranges = {};
        std::vector<IdPattern> masked = {};

        explicit ExtendedIds(const std::vector<IdPattern>&);
        bool contains(std::uint32_t id) const;
    };

    bool passes_extended(std::uint32_t id) const {
        return (allows_all_ || allow_.contains(id)) && !deny_.contains(id);
    }

    std::bitset<kMaxStandardId + 1> standard_;
    bool allows_all_;
    ExtendedIds allow_;
    ExtendedIds deny_;
};

}  // namespace mqttcan::can
