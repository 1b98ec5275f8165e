// SPDX-License-Identifier: MIT
#include "daemon/cli/tunnel.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>

#include "config/environment.hpp"
#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/run.hpp"
#include "daemon/cli/tunnel_link.hpp"
#include "daemon/cli/tunnel_options.hpp"
#include "netlink/interface_lock.hpp"
#include "netlink/kernel_links.hpp"

namespace mqttcan::cli {
namespace {

int refuse(const Error& error, int code) {
    if (!error.what.empty()) {
        std::cerr << "mqttcan tunnel: " << error.what << '\n';
    }
    if (code == kUsage) {
        std::cerr << "Try: mqttcan tunnel --help\n";
    }
    return code;
}

Result<std::vector<std::string>> look(const TunnelOptions& options, const std::string& instance,
                                      config::Bus& bus) {
    const auto links = netlink::KernelLinks::open();
    auto said = links ? find_link(**links, options, instance, bus) : std::unexpected(links.error());
    const auto link = said ? (*links)->find(*bus.interface)
                           : Result<std::optional<netlink::Link>>(std::unexpected(said.error()));
    if (!link) {
        return std::unexpected(link.error());
    }
    // Told now rather than in a log line after the start; the bridge takes the lock for good.
    if (*link) {
        if (const auto lock = netlink::InterfaceLock::take((*link)->ifindex, (*link)->name); !lock) {
            return std::unexpected(lock.error());
        }
    }
    // A daemon waits for what is not there; a person at a terminal has mistyped it.
    if (!bus.device.empty() && ::access(bus.device.c_str(), F_OK) != 0) {
        return fail_errno(errno, bus.device,
                          " (is the adapter plugged in? \"ls /dev/serial/by-id\" shows those that are)");
    }
    return said;
}

}  // namespace

int tunnel(int argc, char** argv) {
    const auto options = parse_tunnel(argc, argv, std::getenv("MQTTCAN_PASSWORD"));
    if (!options) {
        return refuse(options.error(), kUsage);
    }
    if (options->help) {
        std::cout << kTunnelHelp;
        return kOk;
    }
    auto config = tunnel_config(*options, config::system_environment());
    if (!config) {
        return refuse(config.error(), kUsage);
    }
    const std::string instance = "tunnel-" + options->interface;
    const auto found = look(*options, instance, config->buses.front());
    if (!found) {
        return refuse(found.error(), kFailure);
    }
    for (const auto& list : {hints(*options), *found}) {
        for (const std::string& hint : list) {
            std::cerr << "note: " << hint << '\n';
        }
    }
    supervisor::Host host = describe_host(instance);
    host.temporary = true;
    host.fingerprint = host.session.substr(0, 8);  // several tunnels on one machine must not evict each other
    return run(*config, host, {.lowest = options->debug ? Severity::debug : Severity::info});
}

}  // namespace mqttcan::cli
