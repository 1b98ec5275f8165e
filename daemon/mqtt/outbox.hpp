// SPDX-License-Identifier: MIT
// Retained messages on their way to a broker: few at once, and of each topic the newest only. A broker that
// takes 20 unacknowledged messages (mosquitto) stops Paho's queue with the rest until its next call, and our
// tick behind them: with a hundred buses it looks dead. Pure, a value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mqttcan::mqtt {

class Outbox {
  public:
    static constexpr std::size_t kAtOnce = 8;  ///< leaves room for the ticks

    struct Message {
        std::string topic;
        std::string payload;
    };

    void put(const std::string& topic, std::string_view payload) {
        if (const auto [at, is_new] = payloads_.insert_or_assign(topic, payload); is_new) {
            turns_.push_back(topic);
        }
    }
    /// What to send now, if anything; it counts as sent.
    std::optional<Message> next() {
        if (under_way_ >= kAtOnce || turns_.empty()) {
            return std::nullopt;
        }
        auto node = payloads_.extract(turns_.front());
        turns_.pop_front();
        ++under_way_;
        return Message{std::move(node.key()), std::move(node.mapped())};
    }
    /// One of those that were sent has arrived, or never will.
    void done() { under_way_ -= std::min<std::size_t>(under_way_, 1); }
    bool empty() const { return turns_.empty(); }
    void clear() { *this = {}; }

  private:
    std::deque<std::string> turns_;
    std::map<std::string, std::string> payloads_;
    std::size_t under_way_ = 0;
};

}  // namespace mqttcan::mqtt
