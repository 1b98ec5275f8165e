// SPDX-License-Identifier: MIT
// KernelLinks: other network namespaces.
#include <net/if.h>  // before linux/if.h, or neither compiles

#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/stat.h>

#include <cerrno>

#include "netlink/explain.hpp"
#include "netlink/kernel_links.hpp"
#include "netlink/route_socket.hpp"

namespace mqttcan::netlink {

/// A namespace as netlink wants it named, for as long as this lives.
struct KernelLinks::Place {
    static Result<Place> open(const NetworkNamespace& space, const std::string& action) {
        if (space.pid != 0) {
            return Place{.file = {}, .pid = static_cast<std::uint32_t>(space.pid)};
        }
        UniqueFd file(::open(space.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
        if (file) {
            return Place{.file = std::move(file), .pid = 0};
        }
        const int number = errno;
        return explain_as({.number = number, .words = {}}, text(action, ": opening ", space.path),
                          number == ENOENT   ? "there is no such namespace"
                          : number == EACCES ? "give the process's number instead of a path in /proc, or "
                                               "allow the service's user to read it"
                                             : "");
    }

    /// Puts it into a link message or into one about namespaces.
    void put(nl_msg& request, int if_file, int if_pid) const {
        put_u32(request, file ? if_file : if_pid, file ? static_cast<std::uint32_t>(file.get()) : pid);
    }

    UniqueFd file;
    std::uint32_t pid;
};

namespace {

bool is_absent(int number) {
    // EINVAL: a file that is no namespace, as "ip netns add" leaves it for a moment and a crash for ever.
    return number == ENOENT || number == ENOTDIR || number == ESRCH || number == EINVAL;
}

}  // namespace

Result<std::optional<int>> KernelLinks::number_of(const Place& place, const std::string& action) {
    Message request = namespace_message(RTM_GETNSID);
    place.put(*request, NETNSA_FD, NETNSA_PID);
    std::optional<int> id;
    const auto answer = socket_->ask(
        std::move(request), [&](std::span<const std::byte> message) { id = parse_namespace_id(message); });
    return answer ? Result<std::optional<int>>(id) : explain(answer.error(), action);
}

/// Has the kernel give it a number if it has none.
Result<int> KernelLinks::number(const Place& place, const std::string& action) {
    Message request = namespace_message(RTM_NEWNSID);
    place.put(*request, NETNSA_FD, NETNSA_PID);
    put_u32(*request, NETNSA_NSID, static_cast<std::uint32_t>(NETNSA_NSID_NOT_ASSIGNED));
    const auto answer = socket_->ask(std::move(request), [](auto) {});
    if (!answer && answer.error().number != EEXIST) {
        return explain(answer.error(), action);
    }
    const auto id = number_of(place, action);
    if (id && !*id) {
        return explain({.number = ENOENT, .words = {}}, action);
    }
    return id ? Result<int>(**id) : std::unexpected(id.error());
}

/// Whether it is the namespace of our socket. Another user's process shows its namespace to ptrace's friends
/// only; then the numbers tell, and for that ours gets one, too.
Result<bool> KernelLinks::is_home(const Place& place, std::optional<int> id) {
    struct stat home{};
    struct stat there{};
    const int seen = place.file ? ::fstat(place.file.get(), &there)
                                : ::stat(text("/proc/", place.pid, "/ns/net").c_str(), &there);
    if (seen == 0 && ::fstat(home_.get(), &home) == 0) {
        return home.st_dev == there.st_dev && home.st_ino == there.st_ino;
    }
    const std::string action = "telling our network namespace from another";
    const Place ours{.file = UniqueFd(::fcntl(home_.get(), F_DUPFD_CLOEXEC, 0)), .pid = 0};
    const auto number_of_ours = number(ours, action);
    if (!number_of_ours) {
        return std::unexpected(number_of_ours.error());
    }
    const auto now = id ? Result<std::optional<int>>(id) : number_of(place, action);
    return now ? Result<bool>(*now == *number_of_ours) : std::unexpected(now.error());
}

Result<NamespaceView> KernelLinks::look_at(const NetworkNamespace& space) {
    const std::string action = text("looking at the network namespace of ", space.str());
    const auto place = Place::open(space, action);
    const auto id =
        place ? number_of(*place, action) : Result<std::optional<int>>(std::unexpected(place.error()));
    if (!id) {
        return is_absent(id.error().code.value()) ? Result<NamespaceView>(NamespaceView{})
                                                  : std::unexpected(id.error());
    }
    const auto ours = is_home(*place, *id);
    if (!ours) {
        return is_absent(ours.error().code.value()) ? Result<NamespaceView>(NamespaceView{})
                                                    : std::unexpected(ours.error());
    }
    return NamespaceView{.exists = true, .ours = *ours, .id = *ours ? std::nullopt : *id};
}

Result<std::optional<Link>> KernelLinks::find_there(int namespace_id, const InterfaceName& name,
                                                    const std::string& action) {
    Message request = link_query(0);
    put_u32(*request, IFLA_TARGET_NETNSID, static_cast<std::uint32_t>(namespace_id));
    put_string(*request, IFLA_IFNAME, name.str());
    return one_link(socket_->ask(std::move(request)), action);
}

Result<std::optional<Link>> KernelLinks::find_peer(const PeerPlace& place) {
    if (!place.namespace_id) {
        return find(place.ifindex);
    }
    Message request = link_query(place.ifindex);
    put_u32(*request, IFLA_TARGET_NETNSID, static_cast<std::uint32_t>(*place.namespace_id));
    return one_link(socket_->ask(std::move(request)),
                    text("asking for link ", place.ifindex, " in another network namespace"));
}

/// Removes the link that has the name there if it is what an earlier pair of ours left behind.
Result<void> KernelLinks::make_room(int ifindex, int namespace_id, const Link& taken,
                                    const std::string& action) {
    const auto link = find(ifindex);
    const bool leftover = link && *link && taken.kind == (*link)->kind && taken.group == kOwnedGroup &&
                          !taken.alias.empty() && taken.alias == (*link)->alias && taken.peer &&
                          taken.peer->namespace_id;
    if (!leftover) {
        return explain_as({.number = EEXIST, .words = {}}, action,
                          "an interface there has that name; remove it or choose another name");
    }
    Message request = link_message(RTM_DELLINK, 0, {.ifindex = taken.ifindex});
    put_u32(*request, IFLA_TARGET_NETNSID, static_cast<std::uint32_t>(namespace_id));
    const auto answer = socket_->ask(std::move(request));
    return answer ? Result<void>() : explain(answer.error(), action);
}

Result<void> KernelLinks::move(int ifindex, const NetworkNamespace& space, const InterfaceName& name) {
    const std::string action =
        text("moving ", name_of(ifindex), " to the network namespace of ", space.str(), " as ", name.str());
    const auto place = Place::open(space, action);
    if (!place) {
        return std::unexpected(place.error());
    }
    // Where the name is taken, the kernel moves the link first and fails to rename it then: it would be lost.
    const auto id = number(*place, action);
    const auto taken =
        id ? find_there(*id, name, action) : Result<std::optional<Link>>(std::unexpected(id.error()));
    if (!taken) {
        return std::unexpected(taken.error());
    }
    if (*taken) {
        if (auto room = make_room(ifindex, *id, **taken, action); !room) {
            return room;
        }
    }
    Message request = link_message(RTM_SETLINK, 0, {.ifindex = ifindex, .flags = IFF_UP, .change = IFF_UP});
    place->put(*request, IFLA_NET_NS_FD, IFLA_NET_NS_PID);
    put_string(*request, IFLA_IFNAME, name.str());
    const auto answer = socket_->ask(std::move(request));
    return answer ? Result<void>() : explain(answer.error(), action);
}

}  // namespace mqttcan::netlink
