// SPDX-License-Identifier: MIT
// bench_forwarder FROM TO: the least that a program can do to bridge two CAN buses, one read and one write
// for each frame. What scripts/bench compares with. It ends by a signal.
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <iostream>

#include "tests/bench/raw_can.hpp"

namespace mqttcan::bench {
namespace {

// All that a benchmark sends flat out fits in: it is a floor of time, not of memory.
constexpr int kReceiveBuffer = 64 << 20;
constexpr useconds_t kPause = 100;  // us, when the interface has no room

Result<void> forward(const std::string& from, const std::string& to) {
    const auto in = open_raw_can(from, {.blocking = true, .receive_buffer = kReceiveBuffer});
    if (!in) {
        return std::unexpected(in.error());
    }
    const auto out = open_raw_can(to, {.listens = false, .blocking = true});
    if (!out) {
        return std::unexpected(out.error());
    }
    std::cout << "ready" << std::endl;
    while (true) {
        canfd_frame frame;
        const ssize_t size = ::read(in->get(), &frame, sizeof frame);
        if (size < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail_errno(errno, from, ": reading");
        }
        while (::write(out->get(), &frame, static_cast<std::size_t>(size)) != size) {
            if (errno != ENOBUFS && errno != EINTR) {
                return fail_errno(errno, to, ": writing");
            }
            ::usleep(kPause);
        }
    }
}

}  // namespace
}  // namespace mqttcan::bench

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "Usage: bench_forwarder FROM TO\n";
        return 2;
    }
    std::cerr << "bench_forwarder: " << mqttcan::bench::forward(argv[1], argv[2]).error().what << '\n';
    return 1;
}
