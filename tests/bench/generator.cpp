// SPDX-License-Identifier: MIT
#include "tests/bench/generator.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "tests/bench/raw_can.hpp"

namespace mqttcan::bench {
namespace {

using namespace std::chrono_literals;

// POLLOUT says "writable" while the queue of the interface is full: only time helps.
constexpr auto kPause = 100us;
constexpr auto kGiveUp = 30s;

void sleep_until(Clock::time_point time) {
    const auto since = time.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    const timespec at{static_cast<time_t>(seconds.count()), static_cast<long>((since - seconds) / 1ns)};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
    }
}

/// The last CPU that this thread may use. Where that is forbidden it stays free, and the tally will show it.
void stay_on_one_cpu() {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return;
    }
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; --cpu) {
        if (CPU_ISSET(cpu, &allowed)) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            ::sched_setaffinity(0, sizeof one, &one);
            return;
        }
    }
}

}  // namespace

Result<Generator> Generator::open(const std::vector<std::string>& interfaces, const Load& load) {
    Generator generator(interfaces, load);
    for (const std::string& interface : interfaces) {
        auto socket = open_raw_can(interface, {.listens = false});
        if (!socket) {
            return std::unexpected(socket.error());
        }
        generator.sockets_.push_back(std::move(*socket));
    }
    return generator;
}

Result<Generator::Outcome> Generator::run() {
    stay_on_one_cpu();
    ::prctl(PR_SET_TIMERSLACK, 1);  // ns; the default of 50 us is half a period at 10,000 frames per second
    Outcome outcome;
    const auto start = Clock::now();
    for (std::uint32_t i = 0; i < load_.frames; ++i) {
        if (load_.rate > 0) {
            const std::chrono::duration<double> after((i + 1) / load_.rate);
            const auto due = start + std::chrono::duration_cast<Clock::duration>(after);
            if (Clock::now() < due) {
                sleep_until(due);
            }
        }
        const auto sent = send(i, outcome);
        if (!sent) {
            return std::unexpected(sent.error());
        }
        outcome.last = *sent;
        if (outcome.sent++ == 0) {
            outcome.first = *sent;
        }
    }
    return outcome;
}

Result<Clock::time_point> Generator::send(std::uint32_t frame, Outcome& outcome) {
    const auto lanes = static_cast<std::uint32_t>(sockets_.size());
    const std::uint32_t lane = frame % lanes;
    const std::size_t size = load_.length > CAN_MAX_DLEN ? CANFD_MTU : CAN_MTU;
    const auto asked = Clock::now();
    while (true) {
        const auto now = Clock::now();
        const canfd_frame raw = make_frame(load_.ids, {frame / lanes, microseconds(now)}, load_.length);
        if (::write(sockets_[lane].get(), &raw, size) == static_cast<ssize_t>(size)) {
            return now;
        }
        const int error = errno;
        if (error != ENOBUFS && error != EAGAIN && error != EINTR) {
            return fail_errno(error, interfaces_[lane], ": sending frame ", frame,
                              error == EINVAL ? " (is it a link without CAN FD?)" : "");
        }
        if (now - asked > kGiveUp) {
            return fail_errno(error, interfaces_[lane], ": takes no frame since ",
                              std::chrono::seconds(kGiveUp).count(), " s");
        }
        ++outcome.refused;
        sleep_until(now + kPause);
    }
}

}  // namespace mqttcan::bench
