// SPDX-License-Identifier: MIT
// The address of a broker as a person writes it: mqtts://broker.example.com:8883. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace mqttcan::config {

struct BrokerUrl {
    std::string host;  ///< name or literal address; IPv6 without its brackets
    std::uint16_t port;
    bool tls;
};

/// mqtt:// and tcp:// (port 1883), mqtts:// and ssl:// (port 8883); neither user nor path.
Result<BrokerUrl> parse_broker_url(std::string_view url);

/// Whether what goes to this host stays on this machine.
bool is_loopback(std::string_view host);

}  // namespace mqttcan::config
