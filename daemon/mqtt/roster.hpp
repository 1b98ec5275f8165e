// SPDX-License-Identifier: MIT
// Who shares a connection, what they want to hear, and how far each has got in this session: asked for,
// granted or refused, joined. Each has a slot, by which messages find it. Pure bookkeeping; it calls nobody.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/mqtt/client.hpp"
#include "daemon/mqtt/inbox.hpp"
#include "daemon/mqtt/subscriber.hpp"

namespace mqttcan::mqtt {

/// Messages below `prefix`, which ends in '/', one level deep.
struct Subscription {
    std::string prefix;
    bool no_local = false;
    bool retained = false;   ///< what is retained there is wanted, too
    std::string level = {};  ///< not empty: only this one
    int tag = 0;             ///< the subscriber's own mark

    std::string pattern() const { return prefix + (level.empty() ? "+" : level); }
};

class Roster {
  public:
    static constexpr int kRefused = 0x80;  ///< MQTT reason codes from here on mean no

    void add(Subscriber&, std::vector<Subscription>);
    struct Removed {
        Slot slot;
        std::vector<std::string> patterns;  ///< what the broker sends on its account
    };
    /// None if it was not there. Its slot is another's once a batch that was taken afterwards has been
    /// delivered: until then messages for it may still be under way.
    std::optional<Removed> remove(const Subscriber&);
    void batch_taken();
    void batch_delivered();

    /// All slots are below it.
    Slot slots() const { return static_cast<Slot>(members_.size()); }
    /// Null if the slot is nobody's.
    Subscriber* at(Slot slot) const { return slot < members_.size() ? members_[slot].subscriber : nullptr; }
    std::optional<Slot> find(const Subscriber&) const;
    std::vector<Route> routes() const;
    /// Whether somebody has messages below it, one level deep.
    bool listens_below(std::string_view prefix) const;

    /// What nobody has asked for in this session; none if nobody is new.
    std::optional<std::vector<Filter>> ask();
    /// The codes of SUBACK, in the order of what ask() returned; from kRefused on they mean no. Returns the
    /// patterns of which that is news: refused now, or granted after they were refused.
    struct Answers {
        std::vector<std::string> refused = {};
        std::vector<std::string> granted = {};
    };
    Answers answered(std::span<const int> codes);
    /// Whether any is refused.
    bool refused() const;
    /// What is refused is new.
    void ask_again();
    /// The first that is, if all of a subscriber's are; otherwise none.
    std::optional<std::string> refusal(const Subscriber&) const;

    /// Whether there is anything that it wants to hear.
    bool hears(const Subscriber&) const;

    /// Who joins now: the one in that slot, if its subscriptions were answered, and unless that was so
    /// before. `believed`: what the broker sends is known to be fresh; who hears nothing needs not wait for
    /// that.
    Subscriber* join(Slot, bool believed);
    void end_session();

  private:
    enum class State { fresh, asked, granted, refused };
    struct Wanted {
        Subscription subscription;
        State state = State::fresh;
        bool denied = false;  ///< the last answer was no, in this session
    };
    struct Member {
        Subscriber* subscriber = nullptr;
        std::vector<Wanted> wanted = {};
        bool known = false;  ///< was there when ask() was called, in this session
        bool joined = false;
    };
    struct Asked {
        Slot slot;
        std::size_t wanted;
    };

    std::vector<Member> members_;  ///< by slot
    std::vector<Asked> under_way_;
    std::vector<Slot> left_;     ///< slots of the removed, whose messages may wait
    std::vector<Slot> unheard_;  ///< the same, may be in the batch that is being delivered
    std::vector<Slot> free_;
};

}  // namespace mqttcan::mqtt
