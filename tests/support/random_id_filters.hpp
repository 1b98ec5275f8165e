// SPDX-License-Identifier: MIT
// Filters of arbitration IDs by chance, the same in each run, and the IDs at which one of them could go
// wrong.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "tests/support/id_patterns.hpp"

namespace mqttcan::testing {

class RandomFilters {
  public:
    /// With fewer than `end` patterns in each list.
    IdFilter next(std::uint32_t end = 5) {
        IdFilter filter;
        for (auto* list : {&filter.allow, &filter.deny}) {
            for (std::uint32_t count = below(end); count > 0; --count) {
                list->push_back(pattern());
            }
        }
        return filter;
    }
    std::uint32_t below(std::uint32_t end) {
        return std::uniform_int_distribution<std::uint32_t>(0, end - 1)(random_);
    }

  private:
    IdPattern pattern() {
        const bool extended = below(2) == 1;
        const std::uint32_t all = extended ? kMaxExtendedId : kMaxStandardId;
        const std::uint32_t id = below(all + 1);
        switch (below(4)) {
            case 0:
                return one(id, extended);
            case 1:
                return masked(id, std::uint32_t{1} << below(extended ? 29 : 11), extended);
            case 2:
                return masked(id, below(all + 1), extended);
            default:
                return range(id, id + below(all - id + 1), extended);
        }
    }

    std::mt19937 random_{20261122};  // NOLINT: the same in each run
};

/// Extended IDs on both sides of each edge of the filter's patterns, and of each bit of their masks.
inline std::vector<std::uint32_t> critical_extended_ids(const IdFilter& filter) {
    std::vector<std::uint32_t> ids = {0, kMaxStandardId, kMaxStandardId + 1, kMaxExtendedId};
    for (const auto* list : {&filter.allow, &filter.deny}) {
        for (const IdPattern& pattern : *list) {
            for (const std::uint32_t id : {pattern.first, pattern.last, pattern.value}) {
                ids.insert(ids.end(), {id, (id - 1) & kMaxExtendedId, (id + 1) & kMaxExtendedId});
                for (std::uint32_t bit = 1; bit <= kMaxExtendedId; bit <<= 1U) {
                    ids.push_back(id ^ bit);
                }
            }
        }
    }
    return ids;
}

}  // namespace mqttcan::testing
