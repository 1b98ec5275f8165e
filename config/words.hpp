// SPDX-License-Identifier: MIT
// Small helpers for messages about words: the nearest known one, a list to choose from, safe quoting. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mqttcan::config {

/// The candidate that `word` was probably meant to be: at most a third of its letters differ (two swapped
/// neighbours count as one).
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "a", "b" or "c".
std::string choice_of(std::span<const std::string_view> words);

/// In double quotes, cut short if it is long.
std::string in_quotes(std::string_view text);

/// Control characters written as \xNN, so that nothing from a file reaches a terminal or the journal as such.
std::string printable(std::string_view text);

}  // namespace mqttcan::config
