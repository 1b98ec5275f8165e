// SPDX-License-Identifier: MIT
// A CAN adapter on a serial line, played on a pty: the tty's other end, drained by a thread of its own, since
// the kernel holds a command back until the line takes it. Deaf, it drains nothing.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"

namespace mqttcan::testing {

class SerialAdapter {
  public:
    SerialAdapter() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
        std::array<char, 64> name{};
        EXPECT_EQ(::grantpt(master_.get()), 0);
        EXPECT_EQ(::unlockpt(master_.get()), 0);
        EXPECT_EQ(::ptsname_r(master_.get(), name.data(), name.size()), 0);
        device_ = name.data();
        drain_ = std::thread([this] { run(); });
    }
    SerialAdapter(const SerialAdapter&) = delete;
    SerialAdapter& operator=(const SerialAdapter&) = delete;
    ~SerialAdapter() { unplug(); }

    const std::string& device() const { return device_; }

    /// What the bus does: "t1232AABB\r" is a frame, "sp128000\r" a change of state.
    void say(const std::string& words) const {
        EXPECT_EQ(::write(master_.get(), words.data(), words.size()), static_cast<ssize_t>(words.size()));
    }
    /// What the adapter was told since the last call.
    std::string heard() {
        const std::lock_guard lock(mutex_);
        return std::exchange(heard_, {});
    }
    /// Takes nothing any more, and lets the line fill up.
    void go_deaf() {
        deaf_ = true;
        const std::string block(4096, '.');
        const UniqueFd tty(::open(device_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
        while (::write(tty.get(), block.data(), block.size()) > 0) {
        }
    }
    void unplug() {
        stop_ = true;
        if (drain_.joinable()) {
            drain_.join();
        }
        master_.reset();
    }

  private:
    void run() {
        std::array<char, 256> block{};
        while (!stop_) {
            pollfd ready{.fd = master_.get(), .events = POLLIN, .revents = 0};
            // While nobody has the tty open there is a hang-up that poll() would report at once.
            if (deaf_ || ::poll(&ready, 1, 10) <= 0 || (ready.revents & POLLIN) == 0) {
                ::usleep(1000);
                continue;
            }
            const ssize_t size = ::read(master_.get(), block.data(), block.size());
            const std::lock_guard lock(mutex_);
            heard_.append(block.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        }
    }

    UniqueFd master_;
    std::string device_;
    std::atomic<bool> stop_ = false;
    std::atomic<bool> deaf_ = false;
    std::mutex mutex_;
    std::string heard_;
    std::thread drain_;
};

}  // namespace mqttcan::testing
