// SPDX-License-Identifier: MIT
#include "daemon/bridge/census.hpp"

#include "daemon/codec/topics.hpp"

namespace mqttcan::bridge {

Census::Census(mqtt::Connection& connection, Hosts& hosts, const Topic& topic, std::string own_topic)
    : connection_(connection),
      hosts_(hosts),
      prefixes_{codec::client_status_topic(topic, {}), codec::peer_status_topic(topic, {})},
      own_topic_(std::move(own_topic)) {
    connection_.add(*this, {{.prefix = prefixes_[client], .retained = true, .tag = client},
                            {.prefix = prefixes_[peer], .retained = true, .tag = peer}});
    connection_.subscribe_new();
}

Census::~Census() {
    connection_.remove(*this);
}

void Census::on_offline(std::uint64_t) {
    joined_ = false;
    others_.clear();
}

void Census::on_message(const mqtt::Message& message) {
    const std::string topic = prefixes_[message.tag] + std::string(message.level);
    auto status = codec::parse_remote_status(message.payload);
    if (status.state.empty()) {
        others_.erase(topic);
    } else if (topic != own_topic_ && (others_.size() < kMost || others_.contains(topic))) {
        follow(status);
        others_[topic] = std::move(status);
    }
}

void Census::follow(const codec::RemoteStatus& other) {
    if (lines_.size() < kMost && !lines_.contains(other.connection)) {
        if (auto line = hosts_.follow(other.connection)) {
            lines_[other.connection] = std::move(line);
        }
    }
}

std::optional<bool> Census::alive(const codec::RemoteStatus& other) const {
    if (other.state != "online") {
        return false;
    }
    const auto line = lines_.find(other.connection);
    if (line == lines_.end()) {
        return true;
    }
    const auto denies = line->second->denies(other);
    return denies ? std::optional(!*denies) : std::nullopt;
}

std::optional<std::size_t> Census::online(const std::optional<codec::RemoteStatus>& server) {
    if (server) {
        follow(*server);
    }
    std::size_t count = 0;
    bool known = joined_;
    const auto add = [&](const codec::RemoteStatus& other) {
        const auto is = alive(other);
        known = known && is;
        count += is.value_or(false) ? 1 : 0;
    };
    for (const auto& [topic, status] : others_) {
        add(status);
    }
    if (server) {
        add(*server);
    }
    return known ? std::optional(count) : std::nullopt;
}

}  // namespace mqttcan::bridge
