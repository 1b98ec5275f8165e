// SPDX-License-Identifier: MIT
// The frames that a measurement sends: data bytes 0-3 number, 4-7 microseconds of CLOCK_MONOTONIC modulo 2^32
// when they were sent (latencies up to 71 minutes), both little endian; what is beyond is filled with bytes
// that depend on the number, so that damage shows. Pure; any thread.
#pragma once

#include <linux/can.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mqttcan::bench {

inline constexpr std::size_t kStamped = 8;  ///< bytes of data that number and time take

/// Which frames are ours: IDs from `first` on, as many, in turn.
struct Ids {
    std::uint32_t first = 0x100;
    std::uint32_t count = 64;

    std::uint32_t of(std::uint32_t number) const { return first + number % count; }
};

struct Stamp {
    std::uint32_t number;
    std::uint32_t sent;  ///< microseconds modulo 2^32

    bool operator==(const Stamp&) const = default;
};

namespace detail {

inline void put(std::uint8_t* at, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) {
        at[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
}

inline std::uint32_t get(const std::uint8_t* at) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        value |= static_cast<std::uint32_t>(at[i]) << (8 * i);
    }
    return value;
}

constexpr std::uint8_t filler(std::uint32_t number, std::size_t at) {
    return static_cast<std::uint8_t>(number * 7 + at * 31);
}

}  // namespace detail

inline canfd_frame make_frame(const Ids& ids, Stamp stamp, std::uint8_t length) {
    canfd_frame frame{};
    frame.can_id = ids.of(stamp.number);
    frame.len = length;
    detail::put(frame.data, stamp.number);
    detail::put(frame.data + 4, stamp.sent);
    for (std::size_t i = kStamped; i < length; ++i) {
        frame.data[i] = detail::filler(stamp.number, i);
    }
    return frame;
}

/// None if it is not one of ours, or damaged.
inline std::optional<Stamp> read_frame(const Ids& ids, const canfd_frame& frame, std::uint8_t length) {
    if (frame.len != length) {
        return std::nullopt;
    }
    const Stamp stamp{detail::get(frame.data), detail::get(frame.data + 4)};
    if (frame.can_id != ids.of(stamp.number)) {
        return std::nullopt;
    }
    for (std::size_t i = kStamped; i < length; ++i) {
        if (frame.data[i] != detail::filler(stamp.number, i)) {
            return std::nullopt;
        }
    }
    return stamp;
}

}  // namespace mqttcan::bench
