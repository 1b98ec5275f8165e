// SPDX-License-Identifier: MIT
#include "daemon/can/kernel_filter.hpp"

#include <linux/can.h>

#include <algorithm>
#include <bit>
#include <optional>

#include "daemon/can/id_filter.hpp"

namespace mqttcan::can {
namespace {

/// The IDs of one kind that agree with `value` in the bits of `mask`: what one kernel filter can say.
struct Block {
    bool extended = false;
    std::uint32_t value = 0;
    std::uint32_t mask = 0;
};

using Blocks = std::vector<Block>;

constexpr std::uint32_t all_bits(bool extended) {
    return extended ? kMaxExtendedId : kMaxStandardId;
}

/// The fewest aligned blocks that make up a range, from its start: the largest that starts there and fits.
void add_range(Blocks& blocks, bool extended, IdRange range) {
    const std::uint32_t all = all_bits(extended);
    std::uint32_t first = range.first;
    const std::uint32_t last = std::min(range.last, all);
    while (first <= last) {
        const std::uint32_t aligned = first == 0 ? all + 1 : std::uint32_t{1} << std::countr_zero(first);
        const std::uint32_t size = std::min(aligned, std::bit_floor(last - first + 1));
        blocks.push_back({extended, first, all & ~(size - 1)});
        first += size;
    }
}

Blocks blocks_of(const std::vector<IdPattern>& patterns) {
    Blocks blocks;
    for (const bool extended : {false, true}) {
        for (const IdRange& range : merged_ranges(patterns, extended)) {
            add_range(blocks, extended, range);
        }
    }
    for (const IdPattern& pattern : patterns) {
        if (pattern.mask != 0) {
            blocks.push_back({pattern.extended, pattern.value & pattern.mask, pattern.mask});
        }
    }
    return blocks;
}

/// Appends what of `block` is not in `hole`. Each bit that only the hole fixes splits off the half that is
/// outside of it; what is left at the end is inside.
void add_difference(Blocks& result, Block block, const Block& hole) {
    const bool disjoint =
        block.extended != hole.extended || ((block.value ^ hole.value) & block.mask & hole.mask) != 0;
    if (disjoint) {
        result.push_back(block);
        return;
    }
    for (std::uint32_t bits = hole.mask & ~block.mask; bits != 0;) {
        const std::uint32_t bit = std::bit_floor(bits);
        bits &= ~bit;
        block.mask |= bit;
        result.push_back({block.extended, block.value | (~hole.value & bit), block.mask});
        block.value |= hole.value & bit;
    }
}

/// Nothing if it takes more blocks than the kernel does.
std::optional<Blocks> without(Blocks blocks, const Blocks& holes) {
    for (const Block& hole : holes) {
        Blocks rest;
        for (const Block& block : blocks) {
            add_difference(rest, block, hole);
            if (rest.size() > KernelFilters::kMost) {
                return std::nullopt;
            }
        }
        blocks = std::move(rest);
    }
    return blocks;
}

/// With CAN_EFF_FLAG in the mask, or a standard ID would match extended frames too; without CAN_RTR_FLAG, so
/// that remote frames are matched like data frames.
KernelFilter to_kernel(const Block& block) {
    return {block.value | (block.extended ? CAN_EFF_FLAG : 0), block.mask | CAN_EFF_FLAG};
}

KernelFilters to_kernel(const Blocks& blocks, bool exact) {
    if (blocks.size() > KernelFilters::kMost) {
        return {.exact = false};
    }
    KernelFilters filters{.everything = false, .list = {}, .exact = exact};
    for (const Block& block : blocks) {
        filters.list.push_back(to_kernel(block));
    }
    return filters;
}

}  // namespace

KernelFilters compile(const IdFilter& filter) {
    if (filter.passes_all()) {
        return {};
    }
    const Blocks holes = blocks_of(filter.deny);
    const bool allows_all = filter.allow.empty();
    if (allows_all && holes.size() == 1) {
        KernelFilter inverted = to_kernel(holes.front());
        inverted.id |= CAN_INV_FILTER;
        return {.everything = false, .list = {inverted}};
    }
    const Blocks allowed = allows_all ? Blocks{{false, 0, 0}, {true, 0, 0}} : blocks_of(filter.allow);
    if (const auto rest = without(allowed, holes)) {
        return to_kernel(*rest, true);
    }
    return allows_all ? KernelFilters{.exact = false} : to_kernel(allowed, false);
}

}  // namespace mqttcan::can
