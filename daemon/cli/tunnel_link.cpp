// SPDX-License-Identifier: MIT
#include "daemon/cli/tunnel_link.hpp"

#include "config/bit_rate.hpp"
#include "daemon/supervisor/plan.hpp"

namespace mqttcan::cli {
namespace {

using config::Kind;
using netlink::Link;

constexpr auto kInvalid = std::errc::invalid_argument;

/// A link that an earlier tunnel on this interface left behind when it was killed is ours again.
bool is_ours(const Link& link, const std::string& instance) {
    const auto mark = supervisor::parse_alias(link.alias);
    return link.group == netlink::kOwnedGroup && mark && mark->instance == instance;
}

std::string kind_in_words(const Link& link) {
    return link.kind == "vcan" || link.kind == "vxcan" ? "a " + link.kind
           : link.is_can                               ? "CAN hardware"
                                                       : "not a CAN interface";
}

Result<void> set_bit_rate(netlink::Links& links, const Link& link, std::uint32_t bitrate) {
    auto done = link.up ? links.set_down(link.ifindex) : Result<void>();
    done = done ? links.configure(link.ifindex, {.bitrate = bitrate}) : std::move(done);
    return done ? links.set_up(link.ifindex) : std::move(done);
}

Result<void> find_socketcan(netlink::Links& links, const TunnelOptions& options, const std::string& instance,
                            const std::optional<Link>& link, config::Bus& bus) {
    const std::string& interface = options.interface;
    if (!link && !interface.starts_with("vcan")) {
        return fail(
            std::errc::no_such_device, "interface ", interface,
            " does not exist. Only names that begin with vcan are created, and any with -b vcan; a real "
            "adapter must be plugged in (ip link shows what there is)");
    }
    if (link && !link->is_can) {
        return fail(kInvalid, interface, " is not a CAN interface");
    }
    bus.kind = !link || (link->kind == "vcan" && is_ours(*link, instance)) ? Kind::vcan : Kind::existing;
    if (!link || !link->controller || !options.bitrate) {
        return {};
    }
    if (link->up && link->controller->settings.bitrate == options.bitrate) {
        return {};  // needs no privilege
    }
    bus.kind = Kind::can;  // also when it was unplugged meanwhile
    bus.settings.bitrate = options.bitrate;
    return set_bit_rate(links, *link, *options.bitrate);
}

Result<void> find_vcan(const std::string& instance, const std::optional<Link>& link, config::Bus& bus) {
    if (link && link->kind != "vcan") {
        return fail(kInvalid, link->name, " exists and is ", kind_in_words(*link),
                    ", not a vcan: choose another name",
                    link->is_can ? ", or leave -b out to use it as it is" : "");
    }
    bus.kind = link && !is_ours(*link, instance) ? Kind::existing : Kind::vcan;
    return {};
}

Result<void> find_vxcan(netlink::Links& links, const std::string& instance, const std::optional<Link>& link,
                        const config::Bus& bus) {
    const config::Peer& peer = *bus.peer;
    if (peer.netns) {
        const auto view = links.look_at(*peer.netns);
        if (!view) {
            return std::unexpected(view.error());
        }
        if (!view->exists) {
            return fail(std::errc::no_such_file_or_directory, "--netns: there is no network namespace ",
                        peer.netns->str(), " (\"ip netns list\" shows those that have names)");
        }
    }
    if (link && link->kind == "vxcan" && is_ours(*link, instance)) {
        return {};  // with its other end, whatever that is called
    }
    const auto taken = link || peer.netns ? Result<std::optional<Link>>(link) : links.find(peer.interface);
    if (!taken) {
        return std::unexpected(taken.error());
    }
    if (*taken) {
        return fail(std::errc::file_exists, (*taken)->name, " exists already (", kind_in_words(**taken),
                    "): choose another name",
                    link && link->is_can ? ", or leave -b out to use it as it is" : "");
    }
    return {};
}

Result<void> find_slcan(netlink::Links& links, const std::optional<Link>& link, config::Bus& bus) {
    if (link) {
        return fail(std::errc::file_exists, "--name: ", link->name, " exists already (", kind_in_words(*link),
                    "): choose another name, or leave it out");
    }
    for (int number = 0; !bus.interface; ++number) {
        const auto name = InterfaceName::parse(text("slcan", number)).value();
        const auto taken = links.find(name);
        if (!taken) {
            return std::unexpected(taken.error());
        }
        if (!*taken) {
            bus.interface = name;
        }
    }
    return {};
}

}  // namespace

Result<std::vector<std::string>> find_link(netlink::Links& links, const TunnelOptions& options,
                                           const std::string& instance, config::Bus& bus) {
    const auto link = bus.interface ? links.find(*bus.interface) : std::optional<Link>();
    if (!link) {
        return std::unexpected(link.error());
    }
    const auto found = [&] {
        switch (options.type) {
            case BusType::vcan:
                return find_vcan(instance, *link, bus);
            case BusType::vxcan:
                return find_vxcan(links, instance, *link, bus);
            case BusType::slcan:
                return find_slcan(links, *link, bus);
            case BusType::socketcan:
                break;
        }
        return find_socketcan(links, options, instance, *link, bus);
    }();
    if (!found) {
        return std::unexpected(found.error());
    }
    std::vector<std::string> said;
    const bool has_rate = options.type == BusType::slcan || (*link && (*link)->controller);
    if (options.bitrate && !has_rate) {
        said.push_back(text("-s ", config::show_bit_rate(*options.bitrate),
                            " changes nothing: ", bus.interface->str(), " is virtual and has no bit rate"));
    }
    return said;
}

}  // namespace mqttcan::cli
