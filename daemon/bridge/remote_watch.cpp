// SPDX-License-Identifier: MIT
#include "daemon/bridge/remote_watch.hpp"

#include "daemon/codec/topics.hpp"

namespace mqttcan::bridge {
namespace {

constexpr Duration kSilence = std::chrono::milliseconds(500);

}  // namespace

RemoteWatch::RemoteWatch(loop::Loop& loop, mqtt::Connection& connection, Hosts& hosts, const Topic& topic,
                         bool reachable, Owner owner)
    : connection_(connection),
      hosts_(hosts),
      owner_(std::move(owner)),
      silence_(loop, [this] { tell(); }),
      reachable_(reachable) {
    connection_.add(*this, {{.prefix = codec::status_prefix(topic), .retained = true}});
}

RemoteWatch::~RemoteWatch() {
    connection_.remove(*this);
}

void RemoteWatch::on_online() {
    online_ = true;
    if (said_) {
        tell();
    } else {
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
    auto status = codec::parse_remote_status(message.payload);
    if (!message.payload.empty() && status.state != "online" && status.state != "offline" &&
        status.state != "waiting") {
        return;
    }
    said_ = std::move(status);
    follow();
    silence_.disarm();
    if (online_) {
        tell();
    }
}

void RemoteWatch::follow() {
    if (said_->connection != followed_) {
        followed_ = said_->connection;
        host_ = hosts_.follow(followed_, [this] {
            if (online_ && said_) {
                tell();
            }
        });
    }
}

/// None while the broker has not said what its host says.
std::optional<bool> RemoteWatch::is_there() const {
    if (!said_ || said_->state != "online" || !host_) {
        return !said_ || said_->state == "online";
    }
    const auto denies = host_->denies(*said_);
    return denies ? std::optional(!*denies) : std::nullopt;
}

std::string RemoteWatch::state() const {
    if (!said_) {
        return {};
    }
    return said_->state == "online" && is_there() == false ? "offline" : said_->state;
}

void RemoteWatch::tell() {
    if (const auto is = is_there()) {
        set(*is);
        owner_.says(said_);
    }
}

void RemoteWatch::set(bool reachable) {
    if (reachable != reachable_) {
        reachable_ = reachable;
        owner_.reachable(reachable);
    }
}

}  // namespace mqttcan::bridge
