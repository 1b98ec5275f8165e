// SPDX-License-Identifier: MIT
// What a client published in format stream, until the server confirms that the bus has sent it, and how long
// that took. Message by message: which of a message's frames a confirmation is about is not kept. Pure,
// bounded; time is an argument.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "daemon/bridge/frame_queue.hpp"

namespace mqttcan::bridge {

class Awaited {
  public:
    static constexpr std::size_t kMost = 4096;  ///< messages; of more the oldest is given up
    /// What is not confirmed until then is not known to have been on the bus, nor not to have been.
    static constexpr Duration kPatience = std::chrono::seconds(5);

    struct Message {
        std::uint64_t first = 0;   ///< number of its first frame, above all those of the message before
        std::uint64_t frames = 0;  ///< numbered on from there
        TimePoint published{};     ///< just before
        WallTime wall{};           ///< the same, by the clock that stamps frames
    };

    /// Returns how many frames were given up for it.
    std::uint64_t published(const Message& message) {
        const std::uint64_t given_up = messages_.full() ? messages_.front().open : 0;
        messages_.push({message, message.frames});
        return given_up;
    }
    /// The message that brought the frame of this number; none if it is not awaited (any more).
    std::optional<Message> confirmed(std::uint64_t number) {
        std::size_t at = 0;
        for (std::size_t end = messages_.size(); at < end;) {  // the first that begins above it
            const std::size_t middle = (at + end) / 2;
            messages_[middle].message.first <= number ? at = middle + 1 : end = middle;
        }
        if (at == 0) {
            return std::nullopt;
        }
        Entry& entry = messages_[at - 1];
        if (number - entry.message.first >= entry.message.frames || entry.open == 0) {
            return std::nullopt;
        }
        const Message message = entry.message;
        --entry.open;
        while (!messages_.empty() && messages_.front().open == 0) {
            messages_.pop();
        }
        return message;
    }
    /// Returns how many frames are given up.
    std::uint64_t expire(TimePoint now) {
        std::uint64_t given_up = 0;
        while (!messages_.empty() && *deadline() <= now) {
            given_up += messages_.front().open;
            messages_.pop();
        }
        return given_up;
    }
    /// When the next is given up, unless it is confirmed.
    std::optional<TimePoint> deadline() const {
        return messages_.empty() ? std::nullopt
                                 : std::optional(messages_.front().message.published + kPatience);
    }

  private:
    struct Entry {
        Message message;
        std::uint64_t open = 0;  ///< frames that are not confirmed
    };
    BoundedQueue<Entry> messages_{kMost};
};

}  // namespace mqttcan::bridge
