// SPDX-License-Identifier: MIT
// Words, numbers and lines of which the pages about the daemon's status are made. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/cli/status_page.hpp"

namespace mqttcan::cli {

inline constexpr const char* kBold = "\033[1m";
inline constexpr const char* kGreen = "\033[32m";
inline constexpr const char* kYellow = "\033[33m";
inline constexpr const char* kRed = "\033[31m";

/// As it is, where the paper knows no colour.
std::string coloured(const std::string& words, const char* colour, const Paper&);
const char* colour_of(supervisor::BusState);

/// Of columns, not bytes: names may be UTF-8. (Wide characters are taken for one column.)
std::size_t columns(std::string_view words);
/// With a mark at the end if some of it had to go.
std::string cut(std::string_view words, std::size_t width);
std::string padded(const std::string& words, std::size_t width, bool right);
/// Broken between words, each line indented.
std::vector<std::string> wrapped(std::string_view words, std::size_t indent, std::size_t width);
std::string joined(const std::vector<std::string>& lines);

/// At most six columns: "99999", "100k", "12.3M".
std::string short_number(std::uint64_t number);
/// "8 s", "5 min", "3 h 12 min", "4 days"
std::string long_time(Duration time);
/// "12.3 ms"
std::string milliseconds(Duration time);
/// Frames per second that came; "-" where nothing tells: at first, and when the daemon was started anew.
std::string rate(const supervisor::BusStatus&, const std::optional<Earlier>& before,
                 codec::Counters codec::BusCounters::* direction);
/// A line for each connection, or more where the paper is narrow.
std::vector<std::string> broker_lines(const supervisor::Status&, const Paper&);

}  // namespace mqttcan::cli
