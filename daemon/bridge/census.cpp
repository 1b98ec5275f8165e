// SPDX-License-Identifier: MIT
#include "daemon/bridge/census.hpp"

#include <string_view>

#include "daemon/codec/topics.hpp"

namespace mqttcan::bridge {

/// What somebody's connection says of itself.
class Census::Line final : public mqtt::Subscriber {
  public:
    Line(mqtt::Connection& connection, std::string prefix, std::string level) : connection_(connection) {
        connection_.add(*this, {{.prefix = std::move(prefix), .retained = true, .level = std::move(level)}});
    }
    ~Line() override { connection_.remove(*this); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    bool joined() const { return joined_; }
    /// Who has no such status is taken at the word of the bus's.
    bool denies(const codec::RemoteStatus& other) const {
        return said_ && !said_->state.empty() &&
               (said_->state != "online" || said_->session != other.session);
    }

    void on_online() override { joined_ = true; }
    void on_offline(std::uint64_t) override {
        joined_ = false;
        said_.reset();
    }
    void on_message(const mqtt::Message& message) override {
        said_ = codec::parse_remote_status(message.payload);
    }
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override {}
    void on_window() override {}

  private:
    mqtt::Connection& connection_;
    bool joined_ = false;
    std::optional<codec::RemoteStatus> said_;
};

Census::Census(loop::Loop& loop, mqtt::Connection& connection, const Topic& topic, std::string own_topic)
    : connection_(connection),
      prefixes_{codec::client_status_topic(topic, {}), codec::peer_status_topic(topic, {})},
      own_topic_(std::move(own_topic)),
      follow_later_(loop, [this] { follow_all(); }) {
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
        others_[topic] = std::move(status);
        has_news_ = true;
        follow_later_.request();
    }
}

void Census::follow_all() {
    has_news_ = false;
    bool found = false;
    for (const auto& [topic, status] : others_) {
        found = follow(status) || found;
    }
    if (found) {
        connection_.subscribe_new();
    }
}

/// Only a topic of the usual form, mqttcan/<client id>/status: what is below any other may be somebody's
/// already.
bool Census::follow(const codec::RemoteStatus& other) {
    constexpr std::string_view kRoot = "mqttcan/";
    constexpr std::string_view kLevel = "status";
    if (lines_.size() >= kMost) {
        return false;
    }
    const std::string& topic = other.connection;
    const std::size_t slash = topic.rfind('/');
    if (slash == std::string::npos || slash <= kRoot.size() || topic.find('/', kRoot.size()) != slash ||
        topic.find_first_of("+#") != std::string::npos || !topic.starts_with(kRoot) ||
        topic.substr(slash + 1) != kLevel || lines_.contains(topic)) {
        return false;
    }
    const std::string prefix = topic.substr(0, slash + 1);
    if (connection_.listens_below(prefix)) {
        return false;
    }
    lines_[topic] = std::make_unique<Line>(connection_, prefix, std::string(kLevel));
    return true;
}

std::optional<bool> Census::alive(const codec::RemoteStatus& other) const {
    if (other.state != "online") {
        return false;
    }
    const auto line = lines_.find(other.connection);
    if (line == lines_.end()) {
        return true;
    }
    return line->second->joined() ? std::optional(!line->second->denies(other)) : std::nullopt;
}

std::optional<std::size_t> Census::online(const std::optional<codec::RemoteStatus>& server) {
    if (server && follow(*server)) {
        connection_.subscribe_new();
    }
    std::size_t count = 0;
    bool known = joined_ && !has_news_;
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
