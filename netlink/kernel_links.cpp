// SPDX-License-Identifier: MIT
#include "netlink/kernel_links.hpp"

#include <net/if.h>  // before linux/if.h, or neither compiles

#include <linux/rtnetlink.h>

#include <cerrno>
#include <set>

#include "netlink/explain.hpp"
#include "netlink/message.hpp"
#include "netlink/route_socket.hpp"
#include "netlink/vcan.hpp"

namespace mqttcan::netlink {
namespace {

constexpr std::size_t kMaxAlias = 255;       ///< bytes: IFALIASZ without its zero
constexpr std::uint32_t kMaxNumber = 32768;  ///< where the kernel's own numbering ends (one page of bits)

Message change(int ifindex, unsigned flags = 0, unsigned mask = 0) {
    return link_message(RTM_SETLINK, 0, {.ifindex = ifindex, .flags = flags, .change = mask});
}

/// For requests that are answered by the verdict alone.
Result<void> done(const Answer<std::vector<Link>>& answer, const std::string& action) {
    return answer ? Result<void>() : Result<void>(explain(answer.error(), action));
}

Result<std::optional<Link>> found(Answer<std::vector<Link>> answer, const std::string& action) {
    if (!answer && answer.error().number == ENODEV) {
        return std::nullopt;
    }
    if (!answer) {
        return explain(answer.error(), action);
    }
    return answer->empty() ? std::nullopt : std::optional(std::move(answer->front()));
}

}  // namespace

Result<std::unique_ptr<KernelLinks>> KernelLinks::open() {
    auto socket = RouteSocket::for_requests();
    if (!socket) {
        return std::unexpected(std::move(socket.error()));
    }
    return std::unique_ptr<KernelLinks>(new KernelLinks(std::make_unique<RouteSocket>(std::move(*socket))));
}

KernelLinks::KernelLinks(std::unique_ptr<RouteSocket> socket) : socket_(std::move(socket)) {}
KernelLinks::~KernelLinks() = default;

Result<Link> KernelLinks::create_vcan(const VcanRequest& request) {
    if (!request.name) {
        const auto numbered = create_numbered(request.mtu);
        return numbered ? finish(*numbered, request.alias) : Result<Link>(std::unexpected(numbered.error()));
    }
    if (const auto made = socket_->ask(vcan_request(*request.name, request.mtu)); !made) {
        return explain(made.error(), text("creating ", request.name->str()), "vcan");
    }
    return finish(*request.name, request.alias);
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

Result<Link> KernelLinks::finish(const InterfaceName& name, const std::string& alias) {
    const auto link = find(name);
    if (!link) {
        return std::unexpected(link.error());
    }
    // Between the two requests somebody may have deleted or replaced it; then it is not ours to touch.
    if (!*link || (*link)->group != kOwnedGroup || (*link)->kind != "vcan" || !(*link)->alias.empty()) {
        return explain({.number = ENODEV, .words = {}}, text("creating ", name.str()));
    }
    const int ifindex = (*link)->ifindex;
    auto aliased = set_alias(ifindex, alias);
    auto now =
        aliased ? find(ifindex) : Result<std::optional<Link>>(std::unexpected(std::move(aliased.error())));
    if (!now || !*now) {
        (void)remove(ifindex);  // best effort: the first error is the one to tell
        return now ? Result<Link>(explain({.number = ENODEV, .words = {}}, text("creating ", name.str())))
                   : Result<Link>(std::unexpected(std::move(now.error())));
    }
    return std::move(**now);
}

Result<void> KernelLinks::set_up(int ifindex) {
    const auto answer = socket_->ask(change(ifindex, IFF_UP, IFF_UP));
    return answer ? Result<void>() : done(answer, text("setting ", name_of(ifindex), " up"));
}

Result<void> KernelLinks::set_down(int ifindex) {
    const auto answer = socket_->ask(change(ifindex, 0, IFF_UP));
    return answer ? Result<void>() : done(answer, text("setting ", name_of(ifindex), " down"));
}

Result<void> KernelLinks::set_mtu(int ifindex, std::uint32_t mtu) {
    Message request = change(ifindex);
    put_u32(*request, IFLA_MTU, mtu);
    const auto answer = socket_->ask(std::move(request));
    return answer ? Result<void>() : done(answer, text("setting the MTU of ", name_of(ifindex), " to ", mtu));
}

Result<void> KernelLinks::set_alias(int ifindex, const std::string& alias) {
    if (alias.size() > kMaxAlias) {  // as the kernel would say; but the message has to hold it first
        return explain({.number = ERANGE, .words = {}}, text("setting the alias of ", name_of(ifindex)));
    }
    Message request = change(ifindex);
    put_bytes(*request, IFLA_IFALIAS, alias);
    const auto answer = socket_->ask(std::move(request));
    return answer ? Result<void>() : done(answer, text("setting the alias of ", name_of(ifindex)));
}

Result<void> KernelLinks::rename(int ifindex, const InterfaceName& name) {
    Message request = change(ifindex);
    put_string(*request, IFLA_IFNAME, name.str());
    const auto answer = socket_->ask(std::move(request));
    return answer ? Result<void>() : done(answer, text("renaming ", name_of(ifindex), " to ", name.str()));
}

Result<void> KernelLinks::remove(int ifindex) {
    const std::string action = text("removing ", name_of(ifindex));
    const auto answer = socket_->ask(link_message(RTM_DELLINK, 0, {.ifindex = ifindex}));
    if (!answer) {
        return done(answer, action);
    }
    // For a CAN controller the kernel says yes and does nothing.
    const auto left = find(ifindex);
    if (left && *left) {
        return explain({.number = EOPNOTSUPP, .words = "it is hardware"}, action);
    }
    return {};
}

Result<std::optional<Link>> KernelLinks::find(int ifindex) {
    if (ifindex <= 0) {
        return std::nullopt;  // the kernel would look for a name and call its absence EINVAL
    }
    return found(socket_->ask(link_query(ifindex)), text("asking for link ", ifindex));
}

Result<std::optional<Link>> KernelLinks::find(const InterfaceName& name) {
    Message request = link_query(0);
    put_string(*request, IFLA_IFNAME, name.str());
    return found(socket_->ask(std::move(request)), text("asking for ", name.str()));
}

std::string KernelLinks::name_of(int ifindex) {
    const auto link = find(ifindex);
    return link && *link ? (*link)->name : text("link ", ifindex);
}

}  // namespace mqttcan::netlink
