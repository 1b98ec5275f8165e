// SPDX-License-Identifier: MIT
#include "config/words.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace mqttcan::config {
namespace {

/// Number of letters to change, add, remove or swap with a neighbour (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({change, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates) {
    std::optional<std::string_view> best;
    std::size_t best_distance = 0;
    for (const std::string_view candidate : candidates) {
        const std::size_t longer = std::max(word.size(), candidate.size());
        const std::size_t shorter = std::min(word.size(), candidate.size());
        const std::size_t limit = std::max<std::size_t>(1, longer / 3);
        if (longer - shorter > limit) {
            continue;
        }
        const std::size_t now = distance(word, candidate);
        if (now <= limit && (!best || now < best_distance)) {
            best = candidate;
            best_distance = now;
        }
    }
    return best;
}

std::string choice_of(std::span<const std::string_view> words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view joint = i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
        out += text(joint, '"', words[i], '"');
    }
    return out;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kLongest = 80;
    if (text.size() <= kLongest) {
        return mqttcan::text('"', text, '"');
    }
    std::size_t end = kLongest;
    while ((text[end] & 0xc0) == 0x80) {  // never through a code point
        --end;
    }
    return mqttcan::text('"', text.substr(0, end), "...\"");
}

std::string printable(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1 = byte == 0xc2 && i + 1 < text.size() && (text[i + 1] & 0xe0) == 0x80;
        if (byte >= 0x20 && byte != 0x7f && !c1) {
            out += text[i];
            continue;
        }
        const auto control = c1 ? static_cast<unsigned char>(text[++i]) : byte;
        out += {'\\', 'x', kHex[control >> 4], kHex[control & 0xf]};
    }
    return out;
}

}  // namespace mqttcan::config
