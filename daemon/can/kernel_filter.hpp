// SPDX-License-Identifier: MIT
// A filter of IDs as the kernel applies it to a CAN_RAW socket (CAN_RAW_FILTER in linux/can/raw.h), so that
// what nobody wants wakes nobody. Pure; any thread.
//
// The kernel takes at most 512 pairs of ID and mask, and a frame passes that agrees with any of them. It
// could also demand that a frame pass all of them (CAN_RAW_JOIN_FILTERS: for lists of what is denied), but
// such a socket gets no error frames (seen in 6.1: an error frame meets one filter, so never all). Therefore
// what is denied is cut out of what is allowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/can_id.hpp"

namespace mqttcan::can {

/// struct can_filter: flags are part of both members (linux/can.h).
struct KernelFilter {
    std::uint32_t id = 0;  ///< with CAN_INV_FILTER: passes what does not agree
    std::uint32_t mask = 0;

    bool operator==(const KernelFilter&) const = default;
};

struct KernelFilters {
    static constexpr std::size_t kMost = 512;

    bool everything = true;  ///< leave the socket unfiltered; the list is empty
    std::vector<KernelFilter> list =
        {};             ///< empty without `everything`: no frame passes, but error frames do
    bool exact = true;  ///< false: more passes than should, so a FrameFilter must follow

    bool operator==(const KernelFilters&) const = default;
};

/// The closest the kernel can do: never less passes than the filter lets through.
KernelFilters compile(const IdFilter&);

}  // namespace mqttcan::can
