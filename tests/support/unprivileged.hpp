// SPDX-License-Identifier: MIT
// The calling thread without any effective capability (but those it is told to keep) for as long as the
// object lives; its user stays the same, so it works for the root of a user namespace too, which has no other
// users to become.
#pragma once

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <system_error>

namespace mqttcan::testing {

class Unprivileged {
  public:
    explicit Unprivileged(std::initializer_list<unsigned> kept = {}) {
        call(SYS_capget, full_);
        auto none = full_;
        for (auto& word : none) {
            word.effective = 0;
        }
        for (const unsigned capability : kept) {
            none[capability / 32].effective |= 1U << (capability % 32);
        }
        call(SYS_capset, none);
    }
    Unprivileged(const Unprivileged&) = delete;
    Unprivileged& operator=(const Unprivileged&) = delete;
    ~Unprivileged() { call(SYS_capset, full_); }

  private:
    using Sets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

    static void call(long number, Sets& sets) {
        __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
        if (::syscall(number, &header, sets.data()) < 0) {
            throw std::system_error(errno, std::generic_category(), "changing capabilities");
        }
    }

    Sets full_{};
};

}  // namespace mqttcan::testing
