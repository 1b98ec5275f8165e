// SPDX-License-Identifier: MIT
#include "daemon/cli/tunnel.hpp"

#include <cstdlib>
#include <iostream>

#include "config/environment.hpp"
#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/run.hpp"
#include "daemon/cli/tunnel_options.hpp"
#include "daemon/supervisor/plan.hpp"
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

/// A vcan that an earlier tunnel on this interface left behind when it was killed is ours again.
bool is_ours(const netlink::Link& link, const std::string& instance) {
    const auto mark = supervisor::parse_alias(link.alias);
    return link.group == netlink::kOwnedGroup && mark && mark->instance == instance;
}

/// What is there under the name, or what may be made: existing links are used as they are.
Result<config::Kind> find_kind(const InterfaceName& name, const std::string& instance) {
    const std::string& interface = name.str();
    const auto links = netlink::KernelLinks::open();
    if (!links) {
        return std::unexpected(links.error());
    }
    const auto found = (*links)->find(name);
    if (!found) {
        return std::unexpected(found.error());
    }
    const std::optional<netlink::Link>& link = *found;
    if (!link && !interface.starts_with("vcan")) {
        return fail(
            std::errc::no_such_device, "interface ", interface,
            " does not exist. Only names that begin with vcan are created; a real adapter must be plugged in "
            "(ip link shows what there is)");
    }
    if (!link) {
        return config::Kind::vcan;
    }
    if (!link->is_can) {
        return fail(std::errc::invalid_argument, interface, " is not a CAN interface");
    }
    // Told now rather than in a log line after the start; the bridge takes the lock for good.
    if (const auto lock = netlink::InterfaceLock::take(link->ifindex, interface); !lock) {
        return std::unexpected(lock.error());
    }
    return is_ours(*link, instance) ? config::Kind::vcan : config::Kind::existing;
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
    const auto kind = find_kind(*config->buses.front().interface, instance);
    if (!kind) {
        return refuse(kind.error(), kFailure);
    }
    config->buses.front().kind = *kind;
    for (const std::string& hint : hints(*options)) {
        std::cerr << "note: " << hint << '\n';
    }
    supervisor::Host host = describe_host(instance);
    host.temporary = true;
    host.fingerprint = host.session.substr(0, 8);  // several tunnels on one machine must not evict each other
    return run(*config, host, {.lowest = options->debug ? Severity::debug : Severity::info});
}

}  // namespace mqttcan::cli
