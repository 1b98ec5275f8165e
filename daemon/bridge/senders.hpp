// SPDX-License-Identifier: MIT
// Who sends on a bus's topics in format stream, and how far each has come (docs/wire-format.md, "Receiving a
// stream"): finds what was lost, what is late or a duplicate, a sender that started anew, and two that share
// a topic. Pure; time is an argument.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace mqttcan::bridge {

class Senders {
  public:
    static constexpr std::size_t kMost = 256;  ///< the longest silent is forgotten
    static constexpr int kRivalry = 3;         ///< times that an epoch came back which was left
    static constexpr Duration kTruce = std::chrono::seconds(10);  ///< without any, it is over

    struct Verdict {
        std::uint64_t lost = 0;  ///< frames that are missing before this message
        std::size_t late = 0;    ///< of its frames, the first so many are late or duplicates
        bool rivals = false;     ///< two senders share the topic: none of it may be written
    };

    /// A message of so many frames, numbered from `sequence` on. `sender`: the last level of its topic.
    Verdict take(std::string_view sender, std::uint32_t epoch, std::uint64_t sequence, std::size_t frames,
                 TimePoint now);

  private:
    struct Sender {
        std::uint32_t epoch = 0;
        std::uint64_t expected = 0;
        std::array<std::uint32_t, 8> left{};  ///< epochs, the latest at `at`
        std::size_t left_count = 0;
        bool in_past = false;  ///< the last message was of an epoch that was left
        int relapses = 0;      ///< how often it came to that
        TimePoint relapsed{};
        TimePoint heard{};
    };

    static bool has_left(const Sender&, std::uint32_t epoch);
    static void leave(Sender&, std::uint32_t epoch);
    Sender& find(std::string_view name, std::uint32_t epoch, std::uint64_t sequence, TimePoint now);

    std::map<std::string, Sender, std::less<>> senders_;
};

}  // namespace mqttcan::bridge
