// SPDX-License-Identifier: MIT
#include "daemon/bridge/remote_watch.hpp"

#include "daemon/codec/status.hpp"
#include "daemon/codec/topics.hpp"

namespace mqttcan::bridge {
namespace {

constexpr Duration kSilence = std::chrono::milliseconds(500);

}  // namespace

RemoteWatch::RemoteWatch(loop::Loop& loop, mqtt::Connection& connection, const Topic& topic, bool reachable,
                         std::function<void(bool)> changed)
    : connection_(connection),
      changed_(std::move(changed)),
      silence_(loop, [this] { set(true); }),
      reachable_(reachable) {
    connection_.add(*this, {{.prefix = codec::status_prefix(topic), .retained = true}});
}

RemoteWatch::~RemoteWatch() {
    connection_.remove(*this);
}

void RemoteWatch::on_online() {
    online_ = true;
    if (said_) {
        set(*said_);
    } else if (!reachable_) {
        silence_.arm(BootClock::now() + kSilence);
    }
}

void RemoteWatch::on_offline(std::uint64_t) {
    online_ = false;
    said_.reset();
    silence_.disarm();
    set(false);
}

void RemoteWatch::on_message(const mqtt::Message& message) {
    if (message.level != "server") {
        return;
    }
    const std::string state = codec::parse_state(message.payload);
    if (!message.payload.empty() && state != "online" && state != "offline" && state != "waiting") {
        return;
    }
    said_ = state == "online";
    silence_.disarm();
    if (online_) {
        set(*said_);
    }
}

void RemoteWatch::set(bool reachable) {
    if (reachable != reachable_) {
        reachable_ = reachable;
        changed_(reachable);
    }
}

}  // namespace mqttcan::bridge
