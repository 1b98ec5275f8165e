// SPDX-License-Identifier: MIT
#include "daemon/cli/tunnel.hpp"

#include <cstdlib>
#include <iostream>

#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/run.hpp"
#include "daemon/cli/tunnel_options.hpp"
#include "daemon/supervisor/plan.hpp"
#include "netlink/interface_lock.hpp"
#include "netlink/kernel_links.hpp"

namespace mqttcan::cli {
namespace {

int refuse(const std::string& what) {
    std::cerr << "mqttcan tunnel: " << what << '\n';
    return kFailure;
}

/// A vcan that an earlier tunnel on this interface left behind when it was killed is ours again.
bool is_ours(const netlink::Link& link, const std::string& instance) {
    const auto mark = supervisor::parse_alias(link.alias);
    return link.group == netlink::kOwnedGroup && mark && mark->instance == instance;
}

/// What is there under the name, or what may be made: existing links are used as they are.
Result<config::Kind> find_kind(const std::string& interface, const std::string& instance) {
    const auto name = InterfaceName::parse(interface);
    if (!name) {
        return std::unexpected(name.error());
    }
    const auto links = netlink::KernelLinks::open();
    if (!links) {
        return std::unexpected(links.error());
    }
    const auto found = (*links)->find(*name);
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
    if (!link || is_ours(*link, instance)) {
        return config::Kind::vcan;
    }
    if (!link->is_can) {
        return fail(std::errc::invalid_argument, interface, " is not a CAN interface");
    }
    // Told now rather than in a log line after the start; the bridge takes the lock for good.
    if (const auto lock = netlink::InterfaceLock::take(link->ifindex, interface); !lock) {
        return std::unexpected(lock.error());
    }
    return config::Kind::existing;
}

}  // namespace

int tunnel(int argc, char** argv) {
    const auto options = parse_tunnel(argc, argv, std::getenv("MQTTCAN_PASSWORD"));
    if (!options) {
        if (!options.error().what.empty()) {
            std::cerr << "mqttcan tunnel: " << options.error().what << '\n';
        }
        std::cerr << "Try: mqttcan tunnel --help\n";
        return kUsage;
    }
    if (options->help) {
        std::cout << kTunnelHelp;
        return kOk;
    }
    const std::string instance = "tunnel-" + options->interface;
    const auto kind = find_kind(options->interface, instance);
    if (!kind) {
        return refuse(kind.error().what);
    }
    const auto config = tunnel_config(*options, *kind);
    if (!config) {
        return refuse(config.error().what);
    }
    for (const std::string& hint : hints(*options)) {
        std::cerr << "note: " << hint << '\n';
    }
    supervisor::Host host = describe_host(instance);
    host.temporary = true;
    host.fingerprint = host.session.substr(0, 8);  // several tunnels on one machine must not evict each other
    return run(*config, host, options->debug ? Severity::debug : Severity::info);
}

}  // namespace mqttcan::cli
