// SPDX-License-Identifier: MIT
// Inside the room only: reading netlink attributes. Every length is checked; what does not hold together is
// not there. The pointers point into the bytes that were parsed.
#pragma once

#include <linux/netlink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

namespace mqttcan::netlink {

template <typename T>
std::optional<T> read_at(std::span<const std::byte> bytes, std::size_t offset) {
    if (bytes.size() < offset || bytes.size() - offset < sizeof(T)) {
        return std::nullopt;
    }
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

/// Attributes by number.
template <int kMax>
using Attributes = std::array<const nlattr*, kMax + 1>;

/// Walks the attributes of `bytes`. Malformed rests are left out, as the kernel's own parser does. The
/// nesting flags are masked off: they tell nothing that the number does not.
template <int kMax>
Attributes<kMax> attributes_of(std::span<const std::byte> bytes) {
    Attributes<kMax> found{};
    while (const auto head = read_at<nlattr>(bytes, 0)) {
        if (head->nla_len < sizeof(nlattr) || head->nla_len > bytes.size()) {
            break;
        }
        if (const int number = head->nla_type & NLA_TYPE_MASK; number <= kMax) {
            found[static_cast<std::size_t>(number)] = reinterpret_cast<const nlattr*>(bytes.data());
        }
        const std::size_t step =
            (head->nla_len + std::size_t{NLA_ALIGNTO} - 1) & ~(std::size_t{NLA_ALIGNTO} - 1);
        if (step >= bytes.size()) {
            break;
        }
        bytes = bytes.subspan(step);
    }
    return found;
}

inline std::span<const std::byte> content(const nlattr* attribute) {
    if (attribute == nullptr) {
        return {};
    }
    return {reinterpret_cast<const std::byte*>(attribute) + NLA_HDRLEN,
            static_cast<std::size_t>(attribute->nla_len) - NLA_HDRLEN};
}

/// The value at the attribute's beginning; nothing if it is absent or shorter.
template <typename T>
std::optional<T> value_of(const nlattr* attribute) {
    return read_at<T>(content(attribute), 0);
}

/// Up to the first zero byte, which need not be there.
inline std::string string_of(const nlattr* attribute) {
    const auto bytes = content(attribute);
    const char* begin = reinterpret_cast<const char*>(bytes.data());
    return bytes.empty() ? std::string() : std::string(begin, ::strnlen(begin, bytes.size()));
}

}  // namespace mqttcan::netlink
