// SPDX-License-Identifier: MIT
// Network namespaces as the command line names them. Pure.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/network_namespace.hpp"

namespace mqttcan::cli {

/// A name as ip-netns(8) knows it, or an absolute path.
Result<NetworkNamespace> parse_netns(std::string_view written);

/// A positive number.
Result<NetworkNamespace> parse_pid(std::string_view written);

}  // namespace mqttcan::cli
