// SPDX-License-Identifier: MIT
#include "daemon/mqtt/paho_waits.hpp"

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/unique_fd.hpp"

namespace mqttcan::mqtt {
namespace {

constexpr int kGlance = 5;  // milliseconds, while attention is asked for
constexpr int kNap = 1;     // milliseconds, in place of 100 after each look that found nothing to do

std::atomic<int> attention{0};

/// Ends a wait that began before attention was asked for.
class Alarm {
  public:
    Alarm() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (!event_) {
            throw std::system_error(errno, std::generic_category(), "creating an event descriptor");
        }
    }
    int fd() const { return event_.get(); }
    void ring() {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t put = ::write(event_.get(), &one, sizeof one);
    }
    void silence() {
        std::uint64_t rung = 0;
        [[maybe_unused]] const ssize_t got = ::read(event_.get(), &rung, sizeof rung);
    }

  private:
    UniqueFd event_;
};

Alarm& alarm() {
    static Alarm one;
    return one;
}

/// libc's own, or a sanitizer's.
template <typename Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

int next_poll(pollfd* fds, nfds_t count, int timeout) {
    static const auto function = next<int (*)(pollfd*, nfds_t, int)>("poll");
    return function(fds, count, timeout);
}

int next_usleep(useconds_t time) {
    static const auto function = next<int (*)(useconds_t)>("usleep");
    return function(time);
}

/// Paho names its threads before they do anything else.
bool is_receive_thread() {
    thread_local const bool is = [] {
        std::array<char, 16> name{};
        return ::pthread_getname_np(::pthread_self(), name.data(), name.size()) == 0 &&
               std::string_view(name.data()) == "MQTTAsync_rcv";
    }();
    return is;
}

thread_local bool has_looked = false;  // since the last nap

int hasty(int timeout) {
    return attention > 0 ? std::min(timeout, kGlance) : timeout;
}

int look(std::span<pollfd> fds, int timeout) {
    thread_local std::vector<pollfd> all;  // and the alarm
    all.assign(fds.begin(), fds.end());
    all.push_back({alarm().fd(), POLLIN, 0});
    has_looked = true;
    const int ready = next_poll(all.data(), all.size(), hasty(timeout));
    if (ready <= 0) {
        std::ranges::for_each(fds, [](pollfd& fd) { fd.revents = 0; });
        return ready;
    }
    std::ranges::transform(fds, all, fds.begin(), [](pollfd mine, const pollfd& seen) {
        mine.revents = seen.revents;
        return mine;
    });
    if (all.back().revents == 0) {
        return ready;
    }
    alarm().silence();
    return ready - 1;
}

void nap(int milliseconds) {
    // Without sockets Paho does not look at any: nothing else slows it down then.
    pollfd rung{alarm().fd(), POLLIN, 0};
    if (next_poll(&rung, 1, std::exchange(has_looked, false) ? kNap : hasty(milliseconds)) > 0) {
        alarm().silence();
    }
}

}  // namespace

PahoAttention::PahoAttention() {
    ++attention;
    alarm().ring();
}

void PahoAttention::end() {
    if (!ended_.exchange(true)) {
        --attention;
    }
}

// These take the place of libc's for the whole process, Paho included (symbols of the program come first),
// and are libc's for all threads but one. Their names here keep clear of what <poll.h> may define itself.
extern "C" {
int mqttcan_poll(pollfd* fds, nfds_t count, int timeout) __asm__("poll");
int mqttcan_usleep(useconds_t time) __asm__("usleep");
}

int mqttcan_poll(pollfd* fds, nfds_t count, int timeout) {
    return timeout != 0 && is_receive_thread() ? look(std::span(fds, count), timeout)
                                               : next_poll(fds, count, timeout);
}

int mqttcan_usleep(useconds_t time) {
    if (!is_receive_thread()) {
        return next_usleep(time);
    }
    nap(static_cast<int>(time / 1000));
    return 0;
}

}  // namespace mqttcan::mqtt
