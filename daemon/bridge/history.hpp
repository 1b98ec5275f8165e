// SPDX-License-Identifier: MIT
// Frames of a bus that came too late for the present, or were lost with a connection, as messages of format
// stream with the numbers that they had: a ring in memory of which the oldest goes. A message stays until the
// broker has acknowledged it. Bounded; pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "daemon/can/frame.hpp"
#include "daemon/codec/stream.hpp"

namespace mqttcan::bridge {

class History {
  public:
    /// Messages that may be on their way at once: present frames must not wait behind many.
    static constexpr std::size_t kUnderWay = 2;

    History(std::uint64_t bytes, std::uint32_t epoch) : limit_(bytes), open_(epoch) {}

    /// The frame's `sequence` counts. Returns how many frames were dropped for it: the oldest, or it itself
    /// if no receiver would take it.
    std::uint64_t add(const can::Frame& frame);
    /// What is to be sent next; nothing while enough is on its way, or if there is no more. Good until add().
    std::span<const std::byte> next();
    /// It was.
    void sent() { ++under_way_; }
    /// The oldest message on its way has ended it. Returns how many frames it had; 0 if it was dropped
    /// meanwhile.
    std::uint64_t arrived();
    /// A message of the present was published, with so many frames that count; the tick `covering` will prove
    /// its arrival.
    void hold(std::span<const std::byte> message, std::uint64_t frames, std::uint64_t covering);
    /// Ticks up to this one are acknowledged.
    void covered(std::uint64_t tick);
    /// The connection is lost: what it had in its hands becomes history, and whatever was on its way is to be
    /// sent again. Returns how many frames became history.
    std::uint64_t lost();

    std::uint64_t frames() const { return frames_ + open_.records(); }
    /// What it takes in memory, about.
    std::uint64_t bytes() const { return bytes_ + open_.bytes(); }

  private:
    struct Message {
        std::vector<std::byte> bytes;
        std::uint64_t frames;
    };

    static std::uint64_t size_of(const Message& message) {
        constexpr std::uint64_t kBesides = sizeof(Message) + 16;
        return kBesides + message.bytes.size();
    }
    void close();
    void append(Message message);
    std::uint64_t drop_oldest();

    std::uint64_t limit_;
    std::deque<Message> messages_;  ///< the first `under_way_` are on their way
    std::size_t under_way_ = 0;
    std::size_t dropped_under_way_ = 0;
    std::uint64_t frames_ = 0;  ///< of these messages, and
    std::uint64_t bytes_ = 0;
    struct Held {
        Message message;
        std::uint64_t covering;
    };
    std::deque<Held> held_;        ///< bounded by what the connection lets be ahead of the broker
    codec::stream::Encoder open_;  ///< the newest, to which frames are added
};

}  // namespace mqttcan::bridge
