// SPDX-License-Identifier: MIT
// Records of format `stream` by chance, the same in each run: every kind, every length, times of every size.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "daemon/codec/stream.hpp"

namespace mqttcan::testing {

class RandomRecords {
  public:
    explicit RandomRecords(std::uint64_t seed = 20261122) : random_(seed) {}

    /// As they may stand in one message: each no earlier than the one before.
    std::vector<can::Frame> next(std::size_t count) {
        std::vector<can::Frame> records;
        std::uint64_t stamp = 1795348800123456 + below(1'000'000);
        for (std::size_t i = 0; i < count; ++i) {
            records.push_back(record());
            records.back().stamp = WallTime(std::chrono::microseconds(static_cast<std::int64_t>(stamp)));
            stamp += step();
        }
        return records;
    }
    /// With arbitrary content, of any kind.
    can::Frame record() {
        can::Frame frame;
        switch (below(8)) {
            case 0:
                frame.error = true;
                break;
            case 1:
                frame.remote = true;
                break;
            case 2:
            case 3:
            case 4:
                frame.fd = true;
                frame.brs = coin();
                frame.esi = coin();
                break;
            default:
                break;
        }
        frame.extended = !frame.error && coin();
        frame.id = static_cast<std::uint32_t>(
            below((frame.extended || frame.error ? kMaxExtendedId : kMaxStandardId) + 1));
        fill(frame);
        if (!frame.error && below(4) == 0) {
            frame.echo = true;
            frame.origin = {static_cast<std::uint32_t>(random_()), coin() ? random_() : below(1000)};
        }
        return frame;
    }
    std::uint64_t below(std::uint64_t end) {
        return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random_);
    }
    std::uint64_t number() { return random_(); }

  private:
    bool coin() { return below(2) == 1; }
    /// Microseconds to the next record: none, or of any number of bits that there may be.
    std::uint64_t step() { return coin() ? below(200) : below(std::uint64_t{1} << below(33)); }
    void fill(can::Frame& frame) {
        constexpr std::array<std::uint8_t, 16> kFdLengths = {0, 1,  2,  3,  4,  5,  6,  7,
                                                             8, 12, 16, 20, 24, 32, 48, 64};
        frame.length =
            frame.fd ? kFdLengths.at(below(kFdLengths.size())) : static_cast<std::uint8_t>(below(9));
        for (std::size_t i = 0; i < frame.payload().size(); ++i) {
            frame.data.at(i) = static_cast<std::byte>(random_());
        }
    }

    std::mt19937_64 random_;
};

}  // namespace mqttcan::testing
