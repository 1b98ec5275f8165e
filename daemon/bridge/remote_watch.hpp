// SPDX-License-Identifier: MIT
// What the server of a client's bus says of itself: whether it can be reached, and what it speaks. It can be
// if the broker is there, and the server does not say that it is gone, or waiting for its interface, and its
// host does not say that it is gone. One that says nothing (PyMQTT2CAN, SavvyCAN) is believed to be there.
// The loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/names.hpp"
#include "daemon/bridge/hosts.hpp"
#include "daemon/codec/status.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/mqtt/connection.hpp"

namespace mqttcan::bridge {

class RemoteWatch final : public mqtt::Subscriber {
  public:
    struct Owner {
        /// Whether it can be reached has changed.
        std::function<void(bool)> reachable;
        /// What it says, each time and whenever the broker is there again; nothing if it has said nothing so
        /// far.
        std::function<void(const std::optional<codec::RemoteStatus>&)> says;
    };

    /// `reachable`: as was known before; unless so, it begins in the belief that it cannot be.
    RemoteWatch(loop::Loop&, mqtt::Connection&, Hosts&, const Topic&, bool reachable, Owner);
    ~RemoteWatch() override;
    RemoteWatch(const RemoteWatch&) = delete;
    RemoteWatch& operator=(const RemoteWatch&) = delete;

    bool reachable() const { return reachable_; }
    /// "online", "waiting", "offline", by its own word or its host's; empty if it has said nothing in this
    /// session.
    std::string state() const;

    /// The whole of it.
    const std::optional<codec::RemoteStatus>& said() const { return said_; }

    void on_online() override;
    void on_offline(std::uint64_t acknowledged) override;
    void on_message(const mqtt::Message&) override;
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override {}
    void on_window() override {}

  private:
    void follow();
    std::optional<bool> is_there() const;
    void tell();
    void set(bool reachable);

    mqtt::Connection& connection_;
    Hosts& hosts_;
    Owner owner_;
    loop::Timer silence_;  ///< after which a server that says nothing is believed to be there
    bool online_ = false;
    /// By the server in this session: a broker sends what is retained before it acknowledges a subscription.
    std::optional<codec::RemoteStatus> said_;
    std::string followed_;  ///< topic of the status of its host's connection
    std::unique_ptr<Hosts::Follower> host_;
    bool reachable_;
};

}  // namespace mqttcan::bridge
