// SPDX-License-Identifier: MIT
#include "daemon/control/listener.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mqttcan::control {
namespace {

constexpr mode_t kMode = 0660;
constexpr int kBacklog = 64;

constexpr const char* kOther = "or choose another path with --control";

UniqueFd stream_socket() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

std::string cure_of(int reason) {
    switch (reason) {
        case ENOENT:
        case ENOTDIR:
            return text("; make its folder first (the unit's RuntimeDirectory= does), ", kOther);
        case EACCES:
        case EPERM:
        case EROFS:
            return text("; its folder must be writable for the daemon's user, ", kOther);
        default:
            return text("; ", kOther + 3);
    }
}

std::unexpected<Error> refuse(int reason, const std::string& path) {
    const std::error_code code(reason, std::generic_category());
    return std::unexpected(
        Error{code, text("control socket ", path, " cannot be made: ", code.message(), cure_of(reason))});
}

/// Removes a socket that was left behind by a daemon that was killed.
Result<void> clear_away(const std::string& path, const SocketAddress& address) {
    struct stat status{};
    // connect() says ECONNREFUSED to any file, so look first.
    if (::lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
        return fail(std::errc::file_exists, "control socket ", path,
                    " cannot be made: something else has this name; remove it, ", kOther);
    }
    const UniqueFd probe = stream_socket();
    if (::connect(probe.get(), address.get(), address.size()) == 0 || errno == EAGAIN) {
        return fail(std::errc::address_in_use, "control socket ", path,
                    " cannot be made: another process answers on it; stop that one, ", kOther);
    }
    if (errno != ECONNREFUSED && errno != ENOENT) {
        return refuse(errno, path);
    }
    // Two daemons that find the same stale socket at the same time could remove each other's; those with the
    // same configuration are kept apart before (InterfaceLock::take_instance).
    if (::unlink(path.c_str()) < 0 && errno != ENOENT) {
        return refuse(errno, path);
    }
    return {};
}

}  // namespace

Result<SocketAddress> SocketAddress::of(const std::string& path) {
    SocketAddress address;
    address.storage.sun_family = AF_UNIX;
    const std::size_t longest = sizeof(address.storage.sun_path) - 1;
    if (path.empty() || path.size() > longest || path.find('\0') != std::string::npos) {
        return fail(std::errc::invalid_argument, "\"", path,
                    "\" cannot be the path of a control socket: it has ", path.size(), " bytes; 1 to ",
                    longest, " are allowed");
    }
    std::ranges::copy(path, address.storage.sun_path);
    return address;
}

Result<Listener> Listener::open(const std::string& path) {
    const auto address = SocketAddress::of(path);
    if (!address) {
        return std::unexpected(address.error());
    }
    UniqueFd fd = stream_socket();
    // The file's mode is the descriptor's, cut by the umask: never wider than it is to be.
    if (!fd || ::fchmod(fd.get(), kMode) < 0) {
        return refuse(errno, path);
    }
    if (::bind(fd.get(), address->get(), address->size()) < 0) {
        if (errno != EADDRINUSE) {
            return refuse(errno, path);
        }
        if (auto cleared = clear_away(path, *address); !cleared) {
            return std::unexpected(cleared.error());
        }
        if (::bind(fd.get(), address->get(), address->size()) < 0) {
            return refuse(errno, path);
        }
    }
    Listener listener(path, std::move(fd));
    if (::lstat(path.c_str(), &listener.made_) < 0 || ::chmod(path.c_str(), kMode) < 0 ||
        ::listen(listener.fd(), kBacklog) < 0) {
        return refuse(errno, path);
    }
    return listener;
}

Listener::~Listener() {
    struct stat now{};
    if (fd_ && ::lstat(path_.c_str(), &now) == 0 && now.st_ino == made_.st_ino &&
        now.st_dev == made_.st_dev) {
        ::unlink(path_.c_str());
    }
}

}  // namespace mqttcan::control
