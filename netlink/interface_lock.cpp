// SPDX-License-Identifier: MIT
#include "netlink/interface_lock.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace mqttcan::netlink {
namespace {

/// Nobody accepts, so each refused process leaves an entry until the lock is released. When the queue is
/// full, later ones are still refused, but no longer learn by whom. net.core.somaxconn (4096) may cut it
/// further.
constexpr int kBacklog = 4096;

struct Address {
    sockaddr_un storage{};
    socklen_t size = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Address address_of(const std::string& lock) {
    Address address;
    address.storage.sun_family = AF_UNIX;
    const std::string name = text('\0', "mqttcan/", lock).substr(0, sizeof address.storage.sun_path);
    std::ranges::copy(name, address.storage.sun_path);
    address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    return address;
}

UniqueFd stream_socket() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// Who listens at the address: the credentials of the process that called listen(), not of one that inherited
/// it.
std::optional<ucred> holder_of(const Address& address) {
    const UniqueFd probe = stream_socket();
    if (!probe || ::connect(probe.get(), address.get(), address.size) < 0) {
        return std::nullopt;
    }
    ucred holder{};
    socklen_t size = sizeof(holder);
    if (::getsockopt(probe.get(), SOL_SOCKET, SO_PEERCRED, &holder, &size) < 0) {
        return std::nullopt;
    }
    return holder;
}

/// The name that the process gave itself, visible characters only: it may be anybody's. Not its command line,
/// which may hold secrets, while our message may be published.
std::string command_of(pid_t pid) {
    const UniqueFd file(::open(text("/proc/", pid, "/comm").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 16> bytes{};  // TASK_COMM_LEN
    const ssize_t size = file ? ::read(file.get(), bytes.data(), bytes.size()) : 0;
    std::string words(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    std::erase_if(words, [](char c) { return c < ' ' || c > '~'; });
    return words;
}

std::string describe(const std::optional<ucred>& holder) {
    if (!holder) {
        return "another process";
    }
    if (holder->pid == ::getpid()) {
        return "another bus of this process";
    }
    if (holder->pid == 0) {  // it lives in a PID namespace that we cannot see into
        return text("a process of user ", holder->uid, " in another container");
    }
    const std::string command = command_of(holder->pid);
    return text("process ", holder->pid, command.empty() ? "" : " (", command, command.empty() ? "" : ")",
                " of user ", holder->uid);
}

}  // namespace

Result<InterfaceLock> InterfaceLock::take(int ifindex, const std::string& label) {
    return take_name(std::to_string(ifindex), label, " is bridged already by ",
                     "; an interface can have one bridge only: stop that one, or use another interface");
}

Result<InterfaceLock> InterfaceLock::take_instance(const std::string& instance) {
    return take_name("instance/" + instance, "this configuration", " is in use already by ",
                     "; stop that one first (the service: systemctl stop mqttcan)");
}

Result<InterfaceLock> InterfaceLock::take_name(const std::string& name, const std::string& label,
                                               const char* held, const char* cure) {
    UniqueFd fd = stream_socket();
    if (!fd) {
        return fail_errno(errno, "locking ", label, ": opening a unix socket");
    }
    const Address address = address_of(name);
    if (::bind(fd.get(), address.get(), address.size) < 0) {
        if (errno != EADDRINUSE) {
            return fail_errno(errno, "locking ", label);
        }
        return fail(std::errc::address_in_use, label, held, describe(holder_of(address)), cure);
    }
    if (::listen(fd.get(), kBacklog) < 0) {
        return fail_errno(errno, "locking ", label);
    }
    return InterfaceLock(std::move(fd));
}

}  // namespace mqttcan::netlink
