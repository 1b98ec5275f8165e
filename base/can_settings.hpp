// SPDX-License-Identifier: MIT
// What a CAN controller can be set to, in the units of linux/can/netlink.h where it has any. One type for
// what a user wants, what the kernel is asked for, and what it says it made of it. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace mqttcan {

/// An unset member: not asked for, or not told.
struct CanSettings {
    std::optional<std::uint32_t> bitrate = {};            ///< bit/s, of the arbitration phase
    std::optional<std::uint32_t> sample_point = {};       ///< per mille of a bit
    std::optional<std::uint32_t> data_bitrate = {};       ///< bit/s, of the data phase (CAN FD)
    std::optional<std::uint32_t> data_sample_point = {};  ///< per mille of a bit
    std::optional<bool> fd = {};
    std::optional<bool> listen_only = {};
    std::optional<bool> one_shot = {};
    std::optional<bool> triple_sampling = {};
    std::optional<bool> berr_reporting = {};
    std::optional<Duration> restart = {};  ///< after bus-off, whole milliseconds; 0: not by the kernel
    std::optional<std::uint16_t> termination = {};      ///< ohm; 0: off
    std::optional<std::uint32_t> tx_queue_length = {};  ///< frames, in the kernel's queue of the interface

    bool operator==(const CanSettings&) const = default;
};

}  // namespace mqttcan
