// SPDX-License-Identifier: MIT
// The command line of `mqttcan tunnel`, which takes PyMQTT2CAN's flags and some more: parsing and the
// configuration that comes of it. Pure but for wiping a password from the visible arguments.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/environment.hpp"
#include "config/model.hpp"

namespace mqttcan::cli {

struct TunnelOptions {
    std::string interface;
    std::string topic = "can";
    std::string host;
    std::uint16_t port = 8883;
    bool port_given = false;
    bool tls = true;
    bool server = false;
    std::string username;
    std::optional<std::string> password;
    std::string password_file;
    config::Tls tls_files;
    std::string client_id;
    std::optional<config::Write> write;
    bool password_ignored = false;  ///< MQTTCAN_PASSWORD is set, but no user name given
    bool bitrate_given = false;
    bool debug = false;
    bool help = false;
};

extern const char* const kTunnelHelp;

/// The arguments after "tunnel", argv[0] included in its place. `environment_password` is MQTTCAN_PASSWORD's
/// value, or null. Overwrites what -p was given. Errors are for a person and name the cure.
Result<TunnelOptions> parse_tunnel(int argc, char** argv, const char* environment_password);

/// What a person should know about these options although nothing is wrong with them.
std::vector<std::string> hints(const TunnelOptions&);

/// One bus, of kind vcan until somebody has looked what is there. Files that are named must be readable.
Result<config::Config> tunnel_config(const TunnelOptions&, const config::Environment&);

}  // namespace mqttcan::cli
