// SPDX-License-Identifier: MIT
#include "daemon/codec/savvycan.hpp"

#include <algorithm>
#include <charconv>

namespace mqttcan::codec::savvycan {
namespace {

constexpr std::uint8_t kExtended = 1;
constexpr std::uint8_t kRemote = 2;
constexpr std::uint8_t kFd = 4;
constexpr std::uint8_t kEsiOrError = 8;  // ESI with kFd, error frame without
constexpr std::size_t kStampLength = 8;

std::expected<std::uint32_t, Bad> parse_id(std::string_view level) {
    std::uint32_t id = 0;
    const char* end = level.data() + level.size();
    const auto [stop, error] = std::from_chars(level.data(), end, id);
    if (error == std::errc::result_out_of_range) {
        return std::unexpected(Bad::id_out_of_range);
    }
    const bool padded = level.size() > 1 && level.front() == '0';
    if (error != std::errc() || stop != end || padded) {
        return std::unexpected(Bad::bad_id);
    }
    return id;
}

/// The kind of frame that the flags name, without its data.
std::expected<can::Frame, Bad> parse_flags(std::uint8_t flags) {
    if ((flags & ~(kExtended | kRemote | kFd | kEsiOrError)) != 0) {
        return std::unexpected(Bad::unknown_flags);
    }
    can::Frame frame;
    frame.extended = (flags & kExtended) != 0;
    frame.remote = (flags & kRemote) != 0;
    frame.fd = (flags & kFd) != 0;
    frame.esi = frame.fd && (flags & kEsiOrError) != 0;
    frame.error = !frame.fd && (flags & kEsiOrError) != 0;
    if ((frame.remote && frame.fd) || (frame.error && (frame.remote || frame.extended))) {
        return std::unexpected(Bad::bad_combination);
    }
    return frame;
}

}  // namespace

std::span<const std::byte> encode(const can::Frame& frame, std::span<std::byte, kMaxPayload> into) {
    const auto stamp = static_cast<std::uint64_t>(frame.stamp.time_since_epoch().count());
    for (std::size_t i = 0; i < kStampLength; ++i) {
        into[i] = static_cast<std::byte>(stamp >> (8 * i));
    }
    const int flags = (frame.extended ? kExtended : 0) | (frame.remote ? kRemote : 0) | (frame.fd ? kFd : 0) |
                      (frame.esi || frame.error ? kEsiOrError : 0);
    into[kStampLength] = static_cast<std::byte>(flags);
    const auto data = frame.payload();
    std::ranges::copy(data, into.begin() + kHeaderLength);
    return into.first(kHeaderLength + data.size());
}

std::string_view encode_id(const can::Frame& frame, std::span<char, kMaxIdDigits> into) {
    const auto [end, error] = std::to_chars(into.data(), into.data() + into.size(), frame.id);
    return {into.data(), end};
}

std::expected<can::Frame, Bad> decode(std::string_view id_level, std::span<const std::byte> payload,
                                      bool brs) {
    const auto id = parse_id(id_level);
    if (!id) {
        return std::unexpected(id.error());
    }
    if (payload.size() < kHeaderLength) {
        return std::unexpected(Bad::short_payload);
    }
    auto frame = parse_flags(std::to_integer<std::uint8_t>(payload[kStampLength]));
    if (!frame) {
        return frame;
    }
    if (*id > (frame->extended || frame->error ? kMaxExtendedId : kMaxStandardId)) {
        return std::unexpected(Bad::id_out_of_range);
    }
    const auto data = payload.subspan(kHeaderLength);
    if (frame->fd ? !can::is_fd_length(data.size()) : data.size() > can::kMaxClassicLength) {
        return std::unexpected(Bad::bad_length);
    }
    if (frame->remote && !data.empty()) {
        return std::unexpected(Bad::bad_combination);
    }
    std::uint64_t stamp = 0;
    for (std::size_t i = 0; i < kStampLength; ++i) {
        stamp |= std::to_integer<std::uint64_t>(payload[i]) << (8 * i);
    }
    frame->id = *id;
    frame->brs = frame->fd && brs;
    frame->stamp = WallTime(std::chrono::microseconds(static_cast<std::int64_t>(stamp)));
    frame->length = static_cast<std::uint8_t>(data.size());
    std::ranges::copy(data, frame->data.begin());
    return frame;
}

}  // namespace mqttcan::codec::savvycan
