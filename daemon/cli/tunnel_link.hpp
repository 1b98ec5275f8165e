// SPDX-License-Identifier: MIT
// What `mqttcan tunnel` finds where its interface is to be, and what becomes of it. Looks before anything is
// made, so that a person is told at once what a daemon would wait for.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/model.hpp"
#include "daemon/cli/tunnel_options.hpp"
#include "netlink/links.hpp"

namespace mqttcan::cli {

/// Gives the bus its kind and its name. Sets the bit rate of hardware that is to have one and has not;
/// changes nothing else. What a person should know besides.
Result<std::vector<std::string>> find_link(netlink::Links&, const TunnelOptions&, const std::string& instance,
                                           config::Bus&);

}  // namespace mqttcan::cli
