// SPDX-License-Identifier: MIT
// Writes numbered frames to one or many buses, at a steady pace or as fast as the kernel takes them. The pace
// is kept in the long run: frames that are late, for the machine was busy, follow without a pause. Owns its
// sockets; run() blocks its thread, which it keeps on one CPU, since a vcan hands frames to the queue of the
// CPU that their writer runs on and a writer that moves would put them out of order itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "tests/bench/numbered_frame.hpp"

namespace mqttcan::bench {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC

/// What a Stamp carries.
inline std::uint32_t microseconds(Clock::time_point time) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

struct Load {
    std::uint32_t frames = 0;  ///< in all; frame i goes to lane i modulo lanes
    double rate = 0;           ///< frames per second in all; 0: as fast as can be
    std::uint8_t length = 8;   ///< bytes of data; above 8 CAN FD
    Ids ids = {};
};

class Generator {
  public:
    struct Outcome {
        std::uint32_t sent = 0;
        std::uint64_t refused = 0;  ///< how often the kernel had no room (ENOBUFS), and was asked again
        Clock::time_point first{};  ///< when the first and the last frame were sent
        Clock::time_point last{};
    };

    static Result<Generator> open(const std::vector<std::string>& interfaces, const Load&);

    Result<Outcome> run();

  private:
    Generator(std::vector<std::string> interfaces, const Load& load)
        : interfaces_(std::move(interfaces)), load_(load) {}
    /// When it was sent.
    Result<Clock::time_point> send(std::uint32_t frame, Outcome&);

    std::vector<std::string> interfaces_;
    Load load_;
    std::vector<UniqueFd> sockets_;
};

}  // namespace mqttcan::bench
