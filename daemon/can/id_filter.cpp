// SPDX-License-Identifier: MIT
#include "daemon/can/id_filter.hpp"

#include <algorithm>
#include <iterator>

namespace mqttcan::can {
namespace {

bool any_matches(const std::vector<IdPattern>& patterns, std::uint32_t id, bool extended) {
    return std::ranges::any_of(patterns, [&](const IdPattern& p) { return p.matches(id, extended); });
}

}  // namespace

std::vector<IdRange> merged_ranges(const std::vector<IdPattern>& patterns, bool extended) {
    std::vector<IdRange> ranges;
    for (const IdPattern& pattern : patterns) {
        if (pattern.extended == extended && pattern.mask == 0) {
            ranges.push_back({pattern.first, pattern.last});
        }
    }
    std::ranges::sort(ranges, {}, &IdRange::first);
    std::vector<IdRange> merged;
    for (const IdRange& range : ranges) {
        if (!merged.empty() && range.first <= merged.back().last + 1) {
            merged.back().last = std::max(merged.back().last, range.last);
        } else {
            merged.push_back(range);
        }
    }
    return merged;
}

FrameFilter::ExtendedIds::ExtendedIds(const std::vector<IdPattern>& patterns)
    : ranges(merged_ranges(patterns, true)) {
    std::ranges::copy_if(patterns, std::back_inserter(masked),
                         [](const IdPattern& p) { return p.extended && p.mask != 0; });
}

bool FrameFilter::ExtendedIds::contains(std::uint32_t id) const {
    const auto next = std::ranges::upper_bound(ranges, id, {}, &IdRange::first);
    return (next != ranges.begin() && id <= std::prev(next)->last) || any_matches(masked, id, true);
}

FrameFilter::FrameFilter(const IdFilter& filter)
    : allows_all_(filter.allow.empty()), allow_(filter.allow), deny_(filter.deny) {
    for (std::uint32_t id = 0; id <= kMaxStandardId; ++id) {
        standard_.set(id, (allows_all_ || any_matches(filter.allow, id, false)) &&
                              !any_matches(filter.deny, id, false));
    }
}

}  // namespace mqttcan::can
