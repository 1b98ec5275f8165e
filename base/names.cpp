// SPDX-License-Identifier: MIT
#include "base/names.hpp"

#include <algorithm>
#include <cstdint>

namespace mqttcan {
namespace {

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Length of the UTF-8 sequence at the head of `rest`, 0 if it is malformed or a control character.
std::size_t sequence_length(std::string_view rest) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(rest[i]); };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) {
        return lead < 0x20 || lead == 0x7f ? 0 : 1;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || rest.size() < length) {
        return 0;
    }
    std::uint32_t point = lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) {
            return 0;
        }
        point = (point << 6) | (byte(i) & 0x3fU);
    }
    constexpr std::uint32_t kShortest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    const bool control = point < 0xa0;
    return point < kShortest[length] || surrogate || control || point > 0x10ffff ? 0 : length;
}

}  // namespace

Result<InterfaceName> InterfaceName::parse(std::string_view name) {
    constexpr auto kInvalid = std::errc::invalid_argument;
    if (name.empty()) {
        return fail(kInvalid, "an interface name may not be empty");
    }
    if (name.size() > 15) {
        return fail(kInvalid, "interface name \"", name, "\" has ", name.size(),
                    " characters; the kernel allows 15");
    }
    if (name == "." || name == "..") {
        return fail(kInvalid, "\"", name, "\" is not a name for an interface");
    }
    const auto bad = [](char c) { return c == '/' || c == ':' || c == '%' || c <= ' ' || c > '~'; };
    if (std::ranges::any_of(name, bad)) {
        return fail(kInvalid, "interface name \"", name,
                    "\" holds a character that cannot be used (allowed are visible ASCII characters "
                    "without '/', ':' and '%')");
    }
    return InterfaceName(name);
}

Result<EntryName> EntryName::parse(std::string_view name) {
    constexpr auto kInvalid = std::errc::invalid_argument;
    if (name.empty() || name.size() > 64) {
        return fail(kInvalid, "a name has 1 to 64 characters, \"", name, "\" has ", name.size());
    }
    const auto good = [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; };
    if (!std::ranges::all_of(name, good) || !is_alnum(name.front())) {
        return fail(kInvalid, "name \"", name,
                    "\" may hold only letters, digits, '.', '_' and '-', and begins with a letter or digit");
    }
    return EntryName(name);
}

Result<Topic> Topic::parse(std::string_view topic) {
    constexpr auto kInvalid = std::errc::invalid_argument;
    constexpr std::size_t kMaxBytes = 200;
    if (topic.empty()) {
        return fail(kInvalid, "a topic may not be empty");
    }
    if (topic.size() > kMaxBytes) {
        return fail(kInvalid, "topic has ", topic.size(), " bytes; at most ", kMaxBytes, " are allowed");
    }
    if (!is_mqtt_string(topic)) {
        return fail(kInvalid, "topic is not valid UTF-8 or holds a control character");
    }
    if (topic.front() == '$') {
        return fail(kInvalid, "topic \"", topic, "\" begins with '$', which brokers keep for themselves");
    }
    for (std::size_t begin = 0; begin <= topic.size();) {
        const std::size_t end = std::min(topic.find('/', begin), topic.size());
        const std::string_view level = topic.substr(begin, end - begin);
        if (level.empty()) {
            return fail(kInvalid, "topic \"", topic, "\" has an empty level (a '/' too many)");
        }
        if (level.find_first_of("+#") != std::string_view::npos) {
            return fail(kInvalid, "topic \"", topic, "\" holds a wildcard ('+' or '#'); name one topic");
        }
        if (level == "s" || level == "mqttcan") {
            return fail(kInvalid, "topic \"", topic, "\" has a level \"", level,
                        "\", which is reserved: frames of this bus would be taken for write requests or "
                        "status of another");
        }
        begin = end + 1;
    }
    return Topic(topic);
}

int Topic::levels() const {
    return 1 + static_cast<int>(std::ranges::count(topic_, '/'));
}

bool is_mqtt_string(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t length = sequence_length(bytes);
        if (length == 0) {
            return false;
        }
        bytes.remove_prefix(length);
    }
    return true;
}

}  // namespace mqttcan
