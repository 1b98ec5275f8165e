// SPDX-License-Identifier: MIT
// How a CAN controller is set: the values of "bitrate", "sample_point", "restart" and their like.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/text.hpp"
#include "config/bit_rate.hpp"
#include "config/bus_parts.hpp"
#include "config/words.hpp"

namespace mqttcan::config {

using std::chrono::milliseconds;

namespace {

Result<std::uint32_t> parse(const Node& node) {
    if (node.type == Type::string) {
        return parse_bit_rate(node.text);
    }
    const double value = std::strtod(node.text.c_str(), nullptr);
    if (std::trunc(value) != value) {
        return fail(std::errc::invalid_argument, "the number ", node.text.substr(0, 40),
                    " is not a whole number of bits in a second; write for example 500000 or \"500k\"");
    }
    return static_cast<std::uint32_t>(std::clamp(value, 0.0, 4e9));
}

}  // namespace

std::optional<std::uint32_t> bit_rate(Reader& reader, const Node& node, const KeyInfo& key) {
    if (node.type != Type::number && node.type != Type::string) {
        reader.wrong_type(node, "a bit rate", key.example);
        return std::nullopt;
    }
    const Result<std::uint32_t> value = parse(node);
    if (!value) {
        reader.fault(node, value.error().what);
        return std::nullopt;
    }
    if (*value < key.lowest || *value > key.highest) {
        reader.fault(node, text(node.type == Type::number ? node.text.substr(0, 40) : in_quotes(node.text),
                                " bit/s is out of bounds; write a bit rate from \"",
                                show_bit_rate(static_cast<std::uint32_t>(key.lowest)), "\" to \"",
                                show_bit_rate(static_cast<std::uint32_t>(key.highest)), '"'));
        return std::nullopt;
    }
    return *value;
}

std::optional<std::uint32_t> per_mille(Reader& reader, const Node& node, const KeyInfo& key) {
    if (node.type != Type::number) {
        reader.wrong_type(node, "a number between 0 and 1", key.example);
        return std::nullopt;
    }
    const double value = std::round(std::strtod(node.text.c_str(), nullptr) * 1000);
    if (value < static_cast<double>(key.lowest) || value > static_cast<double>(key.highest)) {
        reader.fault(node,
                     text("the number ", node.text.substr(0, 40),
                          " is out of bounds; write a fraction of the bit from 0.001 to 0.999, for example ",
                          key.example));
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(value);
}

std::optional<std::uint32_t> queue_length(Reader& reader, const Node& node, const KeyInfo& key) {
    const auto value = reader.count(node, key);
    return value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

std::optional<std::uint16_t> ohms(Reader& reader, const Node& node, const KeyInfo& key) {
    constexpr std::uint16_t kUsual = 120;  // of each end of a bus (ISO 11898-2)
    if (node.type == Type::boolean) {
        return node.text == "true" ? kUsual : std::uint16_t{0};
    }
    if (node.type != Type::number) {
        reader.wrong_type(node, "true, false or a number of ohms", key.example);
        return std::nullopt;
    }
    const auto value = reader.count(node, key);
    return value ? std::optional(static_cast<std::uint16_t>(*value)) : std::nullopt;
}

void read_restart(Reader& reader, const Node& node, const KeyInfo& key, Bus& into) {
    if (node.type == Type::string && node.text == "never") {
        into.heal_bus_off = false;
        into.settings.restart = Duration(0);
        return;
    }
    const bool is_word = node.type == Type::string && !node.text.empty() && node.text.front() >= 'A';
    if (is_word || (node.type != Type::string && node.type != Type::number)) {
        reader.wrong_type(node, "a duration or \"never\"", key.example);
        return;
    }
    const auto value = reader.duration(node, key);
    if (value && *value % milliseconds(1) != Duration(0)) {
        reader.fault(
            node, text(in_quotes(node.text),
                       " is not a whole number of milliseconds, as the kernel wants it; write for example ",
                       key.example));
    } else if (value) {
        into.settings.restart = *value;
    }
}

}  // namespace mqttcan::config
