// SPDX-License-Identifier: MIT
// A broker and who we are there, as a person writes them: mqtts://broker.example.com:8883, "gw-7". Pure.
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

/// A client id, its placeholders filled in: at most 128 bytes, no '/', '+' or '#', for it stands in topics.
Result<std::string> parse_client_id(std::string_view id);

/// Whether what goes to this host stays on this machine.
bool is_loopback(std::string_view host);

}  // namespace mqttcan::config
