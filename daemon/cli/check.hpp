// SPDX-License-Identifier: MIT
// Reads a configuration for a program and tells a person what is wrong with it.
#pragma once

#include <optional>
#include <string>

#include "config/environment.hpp"
#include "config/model.hpp"

namespace mqttcan::cli {

inline constexpr const char* kDefaultConfig = "/etc/mqttcan.json";

/// All faults and warnings go to stderr, a line each. None if there is a fault.
std::optional<config::Config> load_config(const std::string& path, const config::Environment&);

/// `mqttcan check [FILE]`: offline, changes nothing. Returns the exit code.
int check(const std::string& path);

}  // namespace mqttcan::cli
