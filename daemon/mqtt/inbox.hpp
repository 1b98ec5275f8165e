// SPDX-License-Identifier: MIT
// Where everything that happens on one connection's network threads waits for the loop. The producers (Paho's
// threads, a resolver) copy and return: they never block longer than the copy, log or throw. The loop takes
// all that waits in one go. Bounded: when it is full the messages that wait are dropped, the oldest, and
// counted for the slot that they were routed to; control events are never dropped.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/unique_fd.hpp"

namespace mqttcan::mqtt {

/// Who a message is for: the place in a connection's list of subscribers, or one of those below.
using Slot = std::uint32_t;
inline constexpr Slot kTickSlot = 0xffff'fffe;
inline constexpr Slot kNobodysSlot = 0xffff'fffd;

/// Messages whose topic is `prefix` and one more level go to `slot`; `prefix` ends in '/'.
struct Route {
    std::string prefix;
    Slot slot;
    int tag = 0;  ///< goes with the messages
};

/// Something other than a message that happened to the connection.
struct Control {
    enum class Kind {
        resolved,  ///< `addresses`, or none and `text`
        connected,
        connect_failed,    ///< `code`: CONNACK's reason, or negative; `text`
        lost,              ///< `code`: DISCONNECT's reason, 0 if the broker said none; `text`
        subscribed,        ///< `grants`: a code per filter
        subscribe_failed,  ///< `text`
        acknowledged,      ///< PUBACK for message `number`
        unpublished,       ///< no PUBACK will come for message `number`
        diagnosed,         ///< `text`
    };
    Kind kind;
    std::uint64_t number = 0;  ///< which attempt or message
    int code = 0;
    std::string text{};
    std::vector<std::string> addresses{};
    std::vector<int> grants{};
};

class Inbox {
  public:
    struct Item {
        bool is_control;
        bool retained;
        Slot slot;
        int tag;
        std::uint32_t at;       ///< index of the control event, or offset of the last level of the topic
        std::uint32_t level;    ///< its length; the payload follows
        std::uint32_t payload;  ///< its length
    };
    /// Everything that waited, in the order in which it happened.
    struct Batch {
        std::vector<Item> items;
        std::vector<char> bytes;
        std::vector<Control> controls;
        std::vector<std::uint64_t> dropped;  ///< messages lost to a full inbox, by slot
        std::uint64_t unrouted = 0;          ///< messages that no subscriber asked for

        std::string_view level(const Item& item) const { return {bytes.data() + item.at, item.level}; }
        std::span<const std::byte> payload(const Item& item) const {
            return std::as_bytes(std::span(bytes).subspan(item.at + item.level, item.payload));
        }
        void clear();
    };

    static constexpr std::size_t kMaxMessages = 65536;
    /// Nothing that is meant for us is larger than 16 KiB; of a larger message, which is refused, only so
    /// much is kept.
    static constexpr std::size_t kMaxPayload = 16 * 1024 + 1;
    static constexpr std::size_t kMaxLevel = 256;
    static constexpr std::size_t kMaxBytes = 8 * 1024 * 1024;

    Inbox();

    /// The loop's side. `exact` topics (the tick) and `routes` replace what was there.
    void set_routes(const std::vector<Route>& routes, std::size_t slots);
    int fd() const { return event_.get(); }
    /// Swaps `batch`, which is cleared first, against what waits. The producers then wake the loop for what
    /// comes next; not if there was something and the loop says that it will look `again` by itself.
    void take(Batch& batch, bool again = false);
    /// The loop will look by itself: until take() nobody need wake it.
    void snooze();
    /// Forgets all that waits but resolver and diagnosis results: for a connection that was given up. Returns
    /// how many messages that were, by slot.
    std::vector<std::uint64_t> forget_messages();

    /// The producers' side, any thread.
    void message(std::string_view topic, std::string_view payload, bool retained);
    void control(Control);

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };

    void make_room(std::size_t bytes);
    void wake(std::unique_lock<std::mutex>);
    void silence();

    UniqueFd event_;
    std::mutex mutex_;
    bool awake_ = false;      ///< the loop comes anyway
    bool signalled_ = false;  ///< because `event_` says so, or is just going to
    Batch waiting_;
    std::size_t messages_ = 0;
    struct Target {
        Slot slot;
        int tag;
    };
    std::unordered_map<std::string, Target, Hash, std::equal_to<>> routes_;
};

}  // namespace mqttcan::mqtt
