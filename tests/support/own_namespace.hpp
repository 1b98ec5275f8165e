// SPDX-License-Identifier: MIT
// A network namespace of the test's own for as long as the object lives: nothing that a test does to links
// reaches the machine. Needs CAP_SYS_ADMIN. Sockets opened inside stay inside.
#pragma once

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <system_error>

#include "base/unique_fd.hpp"

namespace mqttcan::testing {

class OwnNamespace {
  public:
    OwnNamespace() : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
        if (!home_ || ::unshare(CLONE_NEWNET) < 0) {
            throw std::system_error(errno, std::generic_category(), "unsharing the network namespace");
        }
    }
    OwnNamespace(const OwnNamespace&) = delete;
    OwnNamespace& operator=(const OwnNamespace&) = delete;
    ~OwnNamespace() { (void)::setns(home_.get(), CLONE_NEWNET); }

  private:
    UniqueFd home_;
};

}  // namespace mqttcan::testing
