// SPDX-License-Identifier: MIT
// Reads what arrives on one or many buses, and tallies it. Latency is from the stamp in a frame to the moment
// when the sink has read it, so it includes the sink's own wake-up, as it would a user's program. Owns its
// sockets, whose buffers hold all that may come at once; run() blocks its thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "tests/bench/generator.hpp"
#include "tests/bench/tally.hpp"

namespace mqttcan::bench {

class Sink {
  public:
    struct Outcome {
        Count count;
        std::uint64_t missed = 0;              ///< dropped at our own sockets: the measurement's fault
        std::vector<std::uint32_t> latencies;  ///< microseconds, of each delivered frame
        Clock::time_point last{};              ///< when the last of them arrived
    };

    static Result<Sink> open(const std::vector<std::string>& interfaces, const Load&);

    /// Until all frames have arrived; or until, with `sent` set, none has for the time `settle`.
    Result<Outcome> run(const std::atomic<bool>& sent, std::chrono::milliseconds settle);

  private:
    struct Lane {
        std::string interface;
        UniqueFd socket;
        Tally tally;
        std::uint32_t missed = 0;
    };

    Sink(const Load& load, UniqueFd epoll) : load_(load), epoll_(std::move(epoll)) {}
    /// All that is there.
    Result<void> drain(Lane&);
    void take(Lane&, const canfd_frame&, std::size_t size, Clock::time_point now);
    std::uint64_t delivered() const { return outcome_.latencies.size(); }

    Load load_;
    UniqueFd epoll_;
    std::vector<Lane> lanes_;
    Outcome outcome_;
};

}  // namespace mqttcan::bench
