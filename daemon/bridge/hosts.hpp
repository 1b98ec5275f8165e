// SPDX-License-Identifier: MIT
// What the daemons behind other buses say of themselves: the retained statuses of their connections, which
// their broker turns to "offline" when one dies without a word. Each is subscribed to once, however many ask
// for it, and for as long as somebody does. The loop's thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/codec/status.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/mqtt/connection.hpp"

namespace mqttcan::bridge {

class Hosts {
    class Line;

  public:
    /// Others: whoever may publish the status of a bus must not make us subscribe without end.
    static constexpr std::size_t kMost = 1000;

    /// The connection must outlive it, and it those who follow.
    Hosts(loop::Loop&, mqtt::Connection&);
    ~Hosts();
    Hosts(const Hosts&) = delete;
    Hosts& operator=(const Hosts&) = delete;

    /// Somebody's interest in one.
    class Follower {
      public:
        Follower(std::shared_ptr<Line>, loop::Callback changed);
        ~Follower();
        Follower(const Follower&) = delete;
        Follower& operator=(const Follower&) = delete;
        /// Whether it contradicts a bus that says it is online there: it is gone, or another process by now.
        /// None while the broker has not told; false if there is nothing to tell.
        std::optional<bool> denies(const codec::RemoteStatus& bus) const;

      private:
        friend class Line;
        std::shared_ptr<Line> line_;
        loop::Callback changed_;
    };
    /// `topic`: as a bus's status names it. `changed` is called when denies() may be another, but not when
    /// our own connection goes. None for a topic that is not of the usual form, mqttcan/<client id>/status
    /// (what is below any other may be somebody's already), for our own, and for too many.
    std::unique_ptr<Follower> follow(const std::string& topic, loop::Callback changed = [] {});

  private:
    mqtt::Connection& connection_;
    std::map<std::string, std::weak_ptr<Line>> lines_;  ///< by topic
    loop::Deferred subscribe_later_;                    ///< a message is not the moment
};

}  // namespace mqttcan::bridge
