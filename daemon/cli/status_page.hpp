// SPDX-License-Identifier: MIT
// The daemon's status as a person reads it: a table of all buses, or all about one. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "daemon/supervisor/status.hpp"

namespace mqttcan::cli {

/// An earlier status, for rates.
struct Earlier {
    const supervisor::Status& status;
    Duration ago;
};

struct Paper {
    std::size_t width = 80;             ///< columns; lines are cut or wrapped to that
    std::optional<std::size_t> rows{};  ///< lines at most: then what is not well comes first
    bool colour = false;                ///< with escape sequences (ECMA-48)
};

/// Ends with a newline, as below.
std::string status_table(const supervisor::Status& now, const std::optional<Earlier>& before, const Paper&);

/// Of the only bus in there.
std::string bus_details(const supervisor::Status& now, const std::optional<Earlier>& before, const Paper&);

}  // namespace mqttcan::cli
