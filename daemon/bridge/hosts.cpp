// SPDX-License-Identifier: MIT
#include "daemon/bridge/hosts.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace mqttcan::bridge {

class Hosts::Line final : public mqtt::Subscriber, public std::enable_shared_from_this<Hosts::Line> {
  public:
    Line(Hosts& hosts, std::string topic, std::string prefix, std::string level)
        : hosts_(hosts), topic_(std::move(topic)) {
        hosts_.connection_.add(*this,
                               {{.prefix = std::move(prefix), .retained = true, .level = std::move(level)}});
        hosts_.subscribe_later_.request();
    }
    ~Line() override {
        hosts_.connection_.remove(*this);
        hosts_.lines_.erase(topic_);
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void add(Follower& follower) { followers_.push_back(&follower); }
    void remove(Follower& follower) { std::erase(followers_, &follower); }
    std::optional<bool> denies(const codec::RemoteStatus& bus) const {
        if (!joined_) {
            return std::nullopt;
        }
        return said_ && !said_->state.empty() && (said_->state != "online" || said_->session != bus.session);
    }

    void on_online() override {
        joined_ = true;
        tell();
    }
    void on_offline(std::uint64_t) override {
        joined_ = false;
        said_.reset();
    }
    void on_message(const mqtt::Message& message) override {
        said_ = codec::parse_remote_status(message.payload);
        if (joined_) {
            tell();
        }
    }
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override {}
    void on_window() override {}

  private:
    void tell() {
        const auto self = shared_from_this();  // the last follower may go meanwhile
        for (Follower* const follower : std::vector(followers_)) {
            if (std::ranges::find(followers_, follower) != followers_.end()) {
                follower->changed_();
            }
        }
    }

    Hosts& hosts_;
    std::string topic_;
    std::vector<Follower*> followers_;
    bool joined_ = false;
    std::optional<codec::RemoteStatus> said_;
};

Hosts::Hosts(loop::Loop& loop, mqtt::Connection& connection)
    : connection_(connection), subscribe_later_(loop, [this] { connection_.subscribe_new(); }) {}

Hosts::~Hosts() = default;

Hosts::Follower::Follower(std::shared_ptr<Line> line, loop::Callback changed)
    : line_(std::move(line)), changed_(std::move(changed)) {
    line_->add(*this);
}

Hosts::Follower::~Follower() {
    line_->remove(*this);
}

std::optional<bool> Hosts::Follower::denies(const codec::RemoteStatus& bus) const {
    return line_->denies(bus);
}

std::unique_ptr<Hosts::Follower> Hosts::follow(const std::string& topic, loop::Callback changed) {
    constexpr std::string_view kRoot = "mqttcan/";
    constexpr std::string_view kLevel = "status";
    if (const auto known = lines_.find(topic); known != lines_.end()) {
        return std::make_unique<Follower>(known->second.lock(), std::move(changed));
    }
    const std::size_t slash = topic.rfind('/');
    if (lines_.size() >= kMost || slash == std::string::npos || slash <= kRoot.size() ||
        topic.find('/', kRoot.size()) != slash || topic.find_first_of("+#") != std::string::npos ||
        !topic.starts_with(kRoot) || topic.substr(slash + 1) != kLevel) {
        return nullptr;
    }
    const std::string prefix = topic.substr(0, slash + 1);
    if (connection_.listens_below(prefix)) {
        return nullptr;
    }
    const auto line = std::make_shared<Line>(*this, topic, prefix, std::string(kLevel));
    lines_[topic] = line;
    return std::make_unique<Follower>(line, std::move(changed));
}

}  // namespace mqttcan::bridge
