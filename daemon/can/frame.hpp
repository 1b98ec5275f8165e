// SPDX-License-Identifier: MIT
// A CAN frame as a value, and the arbitration ID it carries. Every Frame that a decoder or a socket returned
// is legal: RTR only in a classic frame without data, BRS and ESI only with FD, FD lengths as CAN FD has them
// (ISO 11898-1, 8.4.2.4). Trivially copyable; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/can_id.hpp"
#include "base/clock.hpp"

namespace mqttcan::can {

inline constexpr std::size_t kMaxClassicLength = 8;
inline constexpr std::size_t kMaxFdLength = 64;

/// A frame that somebody sent in format `stream`: epoch and number of the sender; 0 and 0 for any other.
struct Origin {
    std::uint32_t epoch = 0;
    std::uint64_t sequence = 0;

    bool operator==(const Origin&) const = default;
};

struct Frame {
    std::uint32_t id = 0;  ///< arbitration ID without flag bits; for an error frame the error class
    bool extended = false;
    bool remote = false;  ///< RTR
    bool error = false;   ///< made by the controller's driver, never on the wire
    bool fd = false;
    bool brs = false;
    bool esi = false;
    std::uint8_t length = 0;  ///< bytes of data; for RTR the requested DLC
    std::array<std::byte, kMaxFdLength> data{};
    WallTime stamp{};     ///< when the kernel received it; shown, never trusted
    TimePoint arrived{};  ///< when it came to this process's side of the kernel: what ages are counted from
    std::uint64_t sequence = 0;  ///< its number on the bus that it came from, where that is counted
    /// No frame of somebody on the bus, but one that a bridge wrote there and that the kernel gave back when
    /// it was sent (CAN_RAW_RECV_OWN_MSGS): the confirmation for whoever asked for it.
    bool echo = false;
    Origin origin{};  ///< who asked for it: of a frame for a bus, and of its echo

    /// The bytes that travel: none for RTR, whose length is only a request.
    std::span<const std::byte> payload() const { return {data.data(), remote ? std::size_t{0} : length}; }

    bool same_content(const Frame& other) const {
        return id == other.id && extended == other.extended && remote == other.remote &&
               error == other.error && fd == other.fd && brs == other.brs && esi == other.esi &&
               length == other.length && (remote || std::memcmp(data.data(), other.data.data(), length) == 0);
    }
};

/// Whether a CAN FD frame can have this many bytes of data.
constexpr bool is_fd_length(std::size_t length) {
    return length <= 8 || length == 12 || length == 16 || length == 20 || length == 24 || length == 32 ||
           length == 48 || length == 64;
}

/// Whether a bus can carry the frame or, for an error frame, a driver can make it. The kernel does not see to
/// that: on a virtual bus any program may send a CAN FD frame of 9 bytes, or one that is a remote request.
constexpr bool is_legal(const Frame& frame) {
    const bool flexible = frame.fd || frame.brs || frame.esi;
    if ((frame.error && (frame.extended || frame.remote || flexible)) || (frame.remote && flexible) ||
        (flexible && !frame.fd)) {
        return false;
    }
    return frame.id <= (frame.extended || frame.error ? kMaxExtendedId : kMaxStandardId) &&
           (frame.fd ? is_fd_length(frame.length) : frame.length <= kMaxClassicLength);
}

}  // namespace mqttcan::can
