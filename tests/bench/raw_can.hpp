// SPDX-License-Identifier: MIT
// Plain CAN_RAW sockets for measuring: nothing of the daemon's, so that what is measured does not measure
// itself. Owned by whoever opened them; one thread each. Opening fails with a sentence that names the
// interface.
#pragma once

#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace mqttcan::bench {

struct RawCanOptions {
    bool listens = true;     ///< false: nothing is queued for it
    bool blocking = false;   ///< reads and writes wait
    int receive_buffer = 0;  ///< bytes, 767 for each frame; 0: the system's default
};

inline Result<UniqueFd> open_raw_can(const std::string& interface, const RawCanOptions& options) {
    const unsigned index = ::if_nametoindex(interface.c_str());
    if (index == 0) {
        return fail_errno(errno, interface, ": no such interface");
    }
    UniqueFd fd(::socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC | (options.blocking ? 0 : SOCK_NONBLOCK), CAN_RAW));
    if (!fd) {
        return fail_errno(errno, "opening a CAN socket (does this kernel have CAN? see scripts/with-can)");
    }
    const auto set = [&](int level, int name, int value) {
        return ::setsockopt(fd.get(), level, name, &value, sizeof value) == 0;
    };
    if (!set(SOL_CAN_RAW, CAN_RAW_FD_FRAMES, 1) || !set(SOL_SOCKET, SO_RXQ_OVFL, 1) ||
        (!options.listens && ::setsockopt(fd.get(), SOL_CAN_RAW, CAN_RAW_FILTER, nullptr, 0) != 0)) {
        return fail_errno(errno, interface, ": setting up a CAN socket");
    }
    if (options.receive_buffer > 0 && !set(SOL_SOCKET, SO_RCVBUFFORCE, options.receive_buffer)) {
        return fail_errno(errno, interface, ": a receive buffer of ", options.receive_buffer,
                          " bytes (it needs CAP_NET_ADMIN)");
    }
    sockaddr_can address{};
    address.can_family = AF_CAN;
    address.can_ifindex = static_cast<int>(index);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return fail_errno(errno, interface, ": binding a CAN socket");
    }
    return fd;
}

}  // namespace mqttcan::bench
