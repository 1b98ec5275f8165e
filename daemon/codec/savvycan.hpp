// SPDX-License-Identifier: MIT
// Format `savvycan`: one frame per MQTT message, as PyMQTT2CAN and SavvyCAN speak it (docs/wire-format.md,
// section 1). Pure functions on caller's buffers; no allocation; any thread. What decode() returns is legal.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string_view>

#include "daemon/can/frame.hpp"

namespace mqttcan::codec::savvycan {

inline constexpr std::size_t kHeaderLength = 9;  ///< time stamp and flags
inline constexpr std::size_t kMaxPayload = kHeaderLength + can::kMaxFdLength;
inline constexpr std::size_t kMaxIdDigits = 10;

/// Why a message is refused.
enum class Bad {
    short_payload,    ///< less than time stamp and flags
    bad_id,           ///< last level of the topic is not a decimal number as we would write it
    id_out_of_range,  ///< too large for its kind of ID
    bad_length,       ///< more data than the kind of frame holds, or not a CAN FD length
    unknown_flags,
    bad_combination,  ///< for example a remote request with data
};

/// Writes the payload; returns the part of `into` that holds it.
std::span<const std::byte> encode(const can::Frame&, std::span<std::byte, kMaxPayload> into);

/// Writes the ID as the last level of a topic; returns the part of `into` that holds it.
std::string_view encode_id(const can::Frame&, std::span<char, kMaxIdDigits> into);

/// `id_level` is the last level of the topic. BRS, which the format does not carry, is set on CAN FD frames
/// if `brs`. `arrived` of the frame is left to the caller.
std::expected<can::Frame, Bad> decode(std::string_view id_level, std::span<const std::byte> payload,
                                      bool brs);

}  // namespace mqttcan::codec::savvycan
