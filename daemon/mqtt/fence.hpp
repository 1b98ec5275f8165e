// SPDX-License-Identifier: MIT
// The tick of one connection (docs/wire-format.md, rules for every connection): flow control, liveness and
// freshness from one acknowledged message now and then. Pure bookkeeping; time is an argument.
//
// Two kinds: a `returning` fence is subscribed to its own ticks and ticks all the time; the other belongs to
// a connection that only publishes, and ticks only while frames are under way.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace mqttcan::mqtt {

class Fence {
  public:
    struct Settings {
        bool returning = true;
        Duration period = std::chrono::milliseconds(400);
        Duration dead_after = std::chrono::seconds(2);
    };
    static constexpr std::size_t kBytesPerTick = 16 * 1024;
    static constexpr std::uint64_t kFramesPerTick = 50;  ///< messages of frames
    /// Ticks unacknowledged at most: 64 KiB, or 200 messages, ahead of the broker.
    static constexpr std::uint64_t kWindow = 4;

    /// A session begins: what it brings entered the broker's queue after `now`.
    Fence(const Settings& settings, TimePoint now)
        : settings_(settings), last_sent_(now), fresh_since_(now) {}

    /// Other buses use the connection now. A fence that returned goes on to.
    void adjust(const Settings& settings) {
        const bool returning = settings_.returning || settings.returning;
        settings_ = settings;
        settings_.returning = returning;
    }

    /// Whether frames may be published: false while kWindow ticks are unacknowledged.
    bool open() const { return sent_ - acknowledged_ < kWindow; }
    /// Whether so many ticks can be sent in one go and still be told apart. That may close the window.
    bool has_room(std::uint64_t ticks) const { return sent_ - acknowledged_ + ticks <= times_.size(); }
    /// A frame message of this many bytes went out.
    void frame_sent(std::size_t bytes) {
        bytes_ += bytes;
        ++frames_;
    }
    bool due(TimePoint now) const;
    /// Its number, 1 for the first.
    std::uint64_t tick_sent(TimePoint now);
    void acknowledged(std::uint64_t number);
    void returned(std::uint64_t number);

    /// Frames published now are covered by the tick of this number once it is acknowledged.
    std::uint64_t covering() const { return sent_ + 1; }
    std::uint64_t last_acknowledged() const { return acknowledged_; }
    std::uint64_t last_returned() const { return returned_; }
    /// Whatever is received now entered the broker's queue for us at this time or later.
    TimePoint fresh_since() const { return fresh_since_; }
    /// Whether a tick was left unanswered for too long: the connection must be reset.
    bool dead(TimePoint now) const;
    /// Whether ticks are acknowledged but none came back so far, or for so long that nothing can be believed:
    /// they are kept from us. (A busy broker brings them late.)
    bool deaf(TimePoint now) const;
    /// When due() or dead() may change without anything happening; none if never.
    std::optional<TimePoint> next_event() const;

  private:
    TimePoint sent_at(std::uint64_t number) const { return times_[number % times_.size()]; }
    std::uint64_t answered() const { return std::max(acknowledged_, returned_); }

    Settings settings_;
    std::uint64_t sent_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t returned_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t frames_ = 0;
    TimePoint last_sent_;
    TimePoint fresh_since_;
    std::array<TimePoint, 2 * kWindow> times_{};  ///< when the latest ticks were sent, by number
};

}  // namespace mqttcan::mqtt
