// SPDX-License-Identifier: MIT
// What a connection tells those that share it (bridges, above all). The loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.hpp"

namespace mqttcan::mqtt {

struct Message {
    int tag;                 ///< that of the subscription which it came by
    std::string_view level;  ///< the last of its topic; it and the payload are gone when the call returns
    std::span<const std::byte> payload;
    bool retained;
    TimePoint fresh_since;  ///< it entered the broker's queue for us then or later
};

/// Part of a bus that lives on a connection. Called from the loop, never from within publish().
class Subscriber {
  public:
    virtual ~Subscriber() = default;
    /// Its subscriptions stand, and what they bring is fresh. Status is to be said anew.
    virtual void on_online() = 0;
    /// Nothing published after the tick `acknowledged` is known to have arrived.
    virtual void on_offline(std::uint64_t acknowledged) = 0;
    /// A message below one of the subscriber's prefixes.
    virtual void on_message(const Message&) = 0;
    /// Messages that were dropped before the subscriber could see them.
    virtual void on_overflow(std::uint64_t count) = 0;
    /// All messages of one wake-up have been delivered.
    virtual void on_batch_end() = 0;
    /// The oldest of its publish_history() that were under way has arrived, or the broker refuses it.
    virtual void on_arrived(bool /*accepted*/) {}
    /// publish() may work (again): a session began, or the broker acknowledged enough.
    virtual void on_window() = 0;
};

}  // namespace mqttcan::mqtt
