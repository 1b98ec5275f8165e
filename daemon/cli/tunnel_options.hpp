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

/// What -b says: python-can's words, where it has some.
enum class BusType { socketcan, vcan, vxcan, slcan };

struct TunnelOptions {
    BusType type = BusType::socketcan;
    std::string interface;                  ///< of slcan: the path of the tty
    std::optional<InterfaceName> peer;      ///< vxcan only, and there always
    std::optional<NetworkNamespace> netns;  ///< vxcan only
    std::optional<InterfaceName> name;      ///< slcan only
    std::optional<std::uint32_t> bitrate;   ///< bit/s; of slcan always
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
    std::vector<config::Format> formats = {config::Format::savvycan};
    bool password_ignored = false;  ///< MQTTCAN_PASSWORD is set, but no user name given
    bool debug = false;
    bool help = false;
};

extern const char* const kTunnelHelp;

/// The arguments after "tunnel", argv[0] included in its place. `environment_password` is MQTTCAN_PASSWORD's
/// value, or null. Overwrites what -p was given. Errors are for a person and name the cure.
Result<TunnelOptions> parse_tunnel(int argc, char** argv, const char* environment_password);

/// What a person should know about these options although nothing is wrong with them.
std::vector<std::string> hints(const TunnelOptions&);

/// One bus; what is not known before somebody has looked (tunnel_link.hpp) is left open: whether a socketcan
/// is there or a vcan to be made, and the name of a serial adapter. Files that are named must be readable.
Result<config::Config> tunnel_config(const TunnelOptions&, const config::Environment&);

}  // namespace mqttcan::cli
