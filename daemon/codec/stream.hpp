// SPDX-License-Identifier: MIT
// Format `stream`: many frames per MQTT message (docs/wire-format.md, format `stream`). The codec alone: what
// sequence numbers and confirmations mean is the receiver's business. Pure; no allocation once the caller's
// vector has grown; any thread, an Encoder one at a time. A message with any fault gives no frame at all;
// every frame that decode() returns is legal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <vector>

#include "daemon/can/frame.hpp"

namespace mqttcan::codec::stream {

inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::size_t kMaxMessage = 16 * 1024;
inline constexpr std::size_t kHeaderLength = 28;
/// Flags, time, ID and length of a standard frame without data.
inline constexpr std::size_t kMinRecord = 1 + 1 + 2 + 1;
/// Flags, time, extended ID, length, CAN FD data, confirmation.
inline constexpr std::size_t kMaxRecord = 1 + 5 + 4 + 1 + can::kMaxFdLength + 12;

/// Why a message is refused, all of it.
enum class Bad {
    short_message,    ///< less than its header
    long_message,     ///< more than kMaxMessage
    bad_magic,        ///< not a message of this format
    bad_version,      ///< of a version that is not ours
    bad_header,       ///< header length below 28, or sequence numbers that run beyond 64 bits
    sealed,           ///< encrypted
    unknown_flags,    ///< of the message or, a second byte of them, of a record
    truncated,        ///< ends within a record, or before its last
    trailing_bytes,   ///< goes on after its last record
    bad_time,         ///< number of over 32 bits or 5 bytes; first not 0; the sum leaves 64 bits
    id_out_of_range,  ///< too large for its kind of ID
    bad_length,       ///< more data than the kind of frame holds, or not a CAN FD length
    bad_combination,  ///< for example a remote request that is CAN FD
};

/// What holds for a message; its records' sequence numbers are `sequence`, `sequence` + 1 ...
struct Header {
    std::uint32_t epoch = 0;
    std::uint64_t sequence = 0;  ///< of the first record; in a heartbeat of the next one to come
    std::size_t records = 0;     ///< 0: a heartbeat
    WallTime stamp{};            ///< of the first frame, or of the heartbeat

    bool operator==(const Header&) const = default;
};

/// Builds one message at a time in a buffer of its own.
class Encoder {
  public:
    explicit Encoder(std::uint32_t epoch) : epoch_(epoch) {}

    /// False if the frame does not belong into this message: it is full, the number is not the next one, time
    /// ran backwards or jumped 2^32 us ahead. Take message(), clear() and add again: false once more, on an
    /// empty encoder, means only that no receiver would take the frame (can::is_legal, and no echo of an
    /// error frame): one such would cost all its neighbours. An echo becomes the confirmation for its origin.
    bool add(const can::Frame&, std::uint64_t sequence);
    /// Nothing while empty; good until the next add() or clear().
    std::span<const std::byte> message() const { return std::span(buffer_).first(size_); }
    void clear() { size_ = records_ = 0; }

    bool empty() const { return records_ == 0; }
    std::size_t records() const { return records_; }
    std::size_t bytes() const { return size_; }  ///< of message()
    std::uint32_t epoch() const { return epoch_; }

  private:
    std::uint32_t epoch_;
    std::size_t size_ = 0;
    std::size_t records_ = 0;
    std::uint64_t next_ = 0;   ///< number of the record that may follow
    std::uint64_t stamp_ = 0;  ///< of the last record
    std::array<std::byte, kMaxMessage> buffer_{};
};

/// A message without records that tells the number of the next. Returns `into`.
std::span<const std::byte> heartbeat(std::uint32_t epoch, std::uint64_t next, WallTime now,
                                     std::span<std::byte, kHeaderLength> into);

/// Replaces what `into` holds; a message that is refused, like a heartbeat, leaves it empty. Confirmations
/// are echoes. `arrived` and `sequence`, and the origin of frames that are none, are left to the caller.
std::expected<Header, Bad> decode(std::span<const std::byte> message, std::vector<can::Frame>& into);

}  // namespace mqttcan::codec::stream
