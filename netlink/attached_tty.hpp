// SPDX-License-Identifier: MIT
// Sole owner of a tty that a line discipline made a network interface of. Gives the tty back as it was when
// it goes: closing alone would leave the interface for as long as anybody else has the tty open, and on a pty
// for as long as its master is. Any thread; may block for a second if the link is UP and its adapter takes
// nothing.
#pragma once

#include <linux/tty.h>
#include <sys/ioctl.h>

#include <utility>

#include "base/unique_fd.hpp"

namespace mqttcan::netlink {

class AttachedTty {
  public:
    AttachedTty() = default;
    explicit AttachedTty(UniqueFd fd) : fd_(std::move(fd)) {}
    AttachedTty(AttachedTty&&) noexcept = default;
    AttachedTty& operator=(AttachedTty&& other) noexcept {
        reset();
        fd_ = std::move(other.fd_);
        return *this;
    }
    AttachedTty(const AttachedTty&) = delete;
    AttachedTty& operator=(const AttachedTty&) = delete;
    ~AttachedTty() { reset(); }

    /// Polls as POLLHUP once the device is gone.
    int get() const { return fd_.get(); }
    explicit operator bool() const { return static_cast<bool>(fd_); }
    void reset() {
        detach();
        leave();
    }
    /// Removes the interface and keeps the tty.
    void detach() {
        if (fd_) {  // fails for a tty that is hung up; there is nothing to detach then
            const int discipline = N_TTY;
            (void)::ioctl(fd_.get(), TIOCSETD, &discipline);
        }
    }
    /// Closes the tty and lets whoever has it too keep the interface.
    void leave() {
        if (fd_) {
            (void)::ioctl(fd_.get(), TIOCNXCL);
            fd_.reset();
        }
    }

  private:
    UniqueFd fd_;
};

}  // namespace mqttcan::netlink
