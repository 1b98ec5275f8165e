// SPDX-License-Identifier: MIT
// Whether the other end of a client's bus can be reached: the broker is there, and the server does not say
// that it is gone, or waiting for its interface. A server that says nothing (PyMQTT2CAN, SavvyCAN) is
// believed to be there. The loop's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/names.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/mqtt/connection.hpp"

namespace mqttcan::bridge {

class RemoteWatch final : public mqtt::Subscriber {
  public:
    /// `reachable`: as was known before; unless so, it begins in the belief that it cannot be. `changed`
    /// hears of each change of that.
    RemoteWatch(loop::Loop&, mqtt::Connection&, const Topic&, bool reachable,
                std::function<void(bool reachable)> changed);
    ~RemoteWatch() override;
    RemoteWatch(const RemoteWatch&) = delete;
    RemoteWatch& operator=(const RemoteWatch&) = delete;

    bool reachable() const { return reachable_; }

    void on_online() override;
    void on_offline(std::uint64_t acknowledged) override;
    void on_message(const mqtt::Message&) override;
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override {}
    void on_window() override {}

  private:
    void set(bool reachable);

    mqtt::Connection& connection_;
    std::function<void(bool)> changed_;
    loop::Timer silence_;  ///< after which a server that says nothing is believed to be there
    bool online_ = false;
    /// By the server in this session: a broker sends what is retained before it acknowledges a subscription.
    std::optional<bool> said_;
    bool reachable_;
};

}  // namespace mqttcan::bridge
