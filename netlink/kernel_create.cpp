// SPDX-License-Identifier: MIT
// KernelLinks: the kinds of link that live in the kernel alone, vcan and vxcan.
#include <net/if.h>  // before linux/if.h, or neither compiles

#include <cerrno>
#include <set>

#include "netlink/explain.hpp"
#include "netlink/kernel_links.hpp"
#include "netlink/route_socket.hpp"
#include "netlink/vcan.hpp"
#include "netlink/vxcan.hpp"

namespace mqttcan::netlink {
namespace {

constexpr std::uint32_t kMaxNumber = 32768;  ///< where the kernel's own numbering ends (one page of bits)

std::unexpected<Error> vanished(const std::string& name) {
    return explain({.number = ENODEV, .words = {}}, text("creating ", name));
}

}  // namespace

Result<Link> KernelLinks::create_vcan(const VcanRequest& request) {
    if (request.name) {
        if (const auto made = socket_->ask(vcan_request(*request.name, request.mtu)); !made) {
            return explain(made.error(), text("creating ", request.name->str()), "vcan");
        }
    }
    const auto name = request.name ? *request.name : create_numbered(request.mtu);
    const auto link = name ? created(*name, "vcan") : Result<Link>(std::unexpected(name.error()));
    return link ? finish(*link, request.alias) : link;
}

// The kernel would number "vcan%d" itself, but before 6.2 it does not say which link came of it (NLM_F_ECHO),
// and two processes that look for theirs afterwards cannot tell them apart. A full name with EXCL leaves no
// doubt.
Result<InterfaceName> KernelLinks::create_numbered(std::uint32_t mtu) {
    const auto links = socket_->dump();
    if (!links) {
        return explain(links.error(), "listing the links to number a new vcan");
    }
    std::set<std::string> taken;
    for (const Link& link : *links) {
        taken.insert(link.name);
    }
    for (std::uint32_t number = 0; number < kMaxNumber; ++number) {
        const auto name = InterfaceName::parse(text("vcan", number));
        if (!name || taken.contains(name->str())) {
            continue;
        }
        const auto made = socket_->ask(vcan_request(*name, mtu));
        if (made) {
            return *name;
        }
        if (made.error().number !=
            EEXIST) {  // EEXIST: somebody was faster, or it is another link's second name
            return explain(made.error(), text("creating ", name->str()), "vcan");
        }
    }
    return explain({.number = ENFILE, .words = {}}, "creating a numbered vcan");
}

Result<Link> KernelLinks::create_vxcan(const VxcanRequest& request) {
    const std::string action = text("creating ", request.name.str(), " with its peer ", request.peer.str());
    if (const auto made = socket_->ask(vxcan_request(request)); !made) {
        return explain(made.error(), action, "vxcan");
    }
    const auto link = created(request.name, "vxcan");
    const auto peer = link ? created(request.peer, "vxcan") : link;
    if (!peer) {
        return peer;
    }
    if (!link->peer || link->peer->ifindex != peer->ifindex) {
        return vanished(request.name.str());  // replaced by two others
    }
    // Removing one end removes both.
    const auto finished = finish(*peer, request.peer_alias);
    return finished ? finish(*link, request.alias) : finished;
}

/// Between creation and a look at it somebody may have deleted or replaced it; then it is not ours to touch.
Result<Link> KernelLinks::created(const InterfaceName& name, const char* kind) {
    auto link = find(name);
    if (!link) {
        return std::unexpected(std::move(link.error()));
    }
    const bool ours =
        *link && (*link)->group == kOwnedGroup && (*link)->kind == kind && (*link)->alias.empty();
    return ours ? Result<Link>(std::move(**link)) : Result<Link>(vanished(name.str()));
}

/// Gives the alias, which cannot be given at creation; removes the link if that fails.
Result<Link> KernelLinks::finish(const Link& link, const std::string& alias) {
    auto aliased = set_alias(link.ifindex, alias);
    auto now = aliased ? find(link.ifindex)
                       : Result<std::optional<Link>>(std::unexpected(std::move(aliased.error())));
    if (!now || !*now) {
        (void)remove(link.ifindex);  // best effort: the first error is the one to tell
        return now ? Result<Link>(vanished(link.name))
                   : Result<Link>(std::unexpected(std::move(now.error())));
    }
    return std::move(**now);
}

}  // namespace mqttcan::netlink
