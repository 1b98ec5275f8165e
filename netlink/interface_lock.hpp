// SPDX-License-Identifier: MIT
// One bridge per interface per host. Two bridges on one vcan would hear each other's frames and send the real
// bus's own traffic back as write requests, so a bridge holds this lock for as long as it has the link's
// socket open.
//
// The lock is a listening unix socket with the abstract name "mqttcan/<ifindex>". Abstract names belong to a
// network namespace, as ifindexes do; they need no folder and no privilege, and the kernel frees them when
// the holder dies, however it dies. Sole owner, movable, released by the destructor; any one thread; nothing
// blocks.
//
// Limits. Whoever may run a program in the namespace can take the name first: that denies a bridge and no
// more, and the message names the process and its user. An ifindex is not used again while its namespace
// lives, unless somebody asks for it by number; a holder should let go as soon as its link is gone.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace mqttcan::netlink {

class InterfaceLock {
  public:
    /// `label` is what messages call the link, for example its name. EADDRINUSE if another process, or
    /// another bus of this one, holds it; the text names the holder as far as the system lets us see it.
    static Result<InterfaceLock> take(int ifindex, const std::string& label);

    /// The same for a whole configuration: one daemon with it per network namespace.
    static Result<InterfaceLock> take_instance(const std::string& instance);

  private:
    static Result<InterfaceLock> take_name(const std::string& name, const std::string& label,
                                           const char* held, const char* cure);
    explicit InterfaceLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace mqttcan::netlink
