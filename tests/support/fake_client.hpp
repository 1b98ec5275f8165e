// SPDX-License-Identifier: MIT
// A broker that is always there and answers at once: what a Connection asks of an MQTT library, without one.
// What is published can be looked at, acknowledged messages are acknowledged, and a tick returns. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/mqtt/client.hpp"

namespace mqttcan::test {

class FakeClient : public mqtt::Client {
  public:
    using Heard = std::function<void(std::string_view topic, std::span<const std::byte> payload)>;

    FakeClient(mqtt::Inbox& inbox, const Heard& heard) : inbox_(inbox), heard_(heard) {}

    Result<void> connect() override {
        inbox_.control({.kind = mqtt::Control::Kind::connected});
        return {};
    }
    Result<void> subscribe(const std::vector<mqtt::Filter>& filters) override {
        inbox_.control({.kind = mqtt::Control::Kind::subscribed, .grants = std::vector<int>(filters.size())});
        return {};
    }
    void unsubscribe(const std::string&) override {}
    bool publish_frame(const std::string& topic, std::span<const std::byte> payload, std::uint32_t) override {
        heard_(topic, payload);
        return true;
    }
    bool publish_acknowledged(const std::string& topic, std::string_view payload, bool,
                              std::uint64_t number) override {
        inbox_.control({.kind = mqtt::Control::Kind::acknowledged, .number = number});
        if (topic.ends_with("/tick")) {
            inbox_.message(topic, payload, false);
        }
        return true;
    }
    void hasten() override {}
    void disconnect() override { inbox_.control({.kind = mqtt::Control::Kind::lost}); }

  private:
    mqtt::Inbox& inbox_;
    const Heard& heard_;
};

class FakeClientFactory final : public mqtt::ClientFactory {
  public:
    std::unique_ptr<mqtt::Client> make(mqtt::Inbox& inbox, const mqtt::ConnectOptions&) override {
        inbox_ = &inbox;
        return std::make_unique<FakeClient>(inbox, heard);
    }
    /// As if somebody else had published it.
    void publish(std::string_view topic, std::span<const std::byte> payload) {
        inbox_->message(topic, {reinterpret_cast<const char*>(payload.data()), payload.size()}, false);
    }
    /// What it kept, to a new subscription.
    void publish_retained(std::string_view topic, std::string_view payload) {
        inbox_->message(topic, payload, true);
    }
    /// The line breaks.
    void lose() { inbox_->control({.kind = mqtt::Control::Kind::lost}); }

    /// Called for each frame message.
    FakeClient::Heard heard = [](std::string_view, std::span<const std::byte>) {};

  private:
    mqtt::Inbox* inbox_ = nullptr;
};

}  // namespace mqttcan::test
