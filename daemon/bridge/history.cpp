// SPDX-License-Identifier: MIT
#include "daemon/bridge/history.hpp"

#include <utility>

namespace mqttcan::bridge {

std::uint64_t History::add(const can::Frame& frame) {
    if (!open_.add(frame, frame.sequence)) {
        close();
        if (!open_.add(frame, frame.sequence)) {
            return 1;
        }
    }
    std::uint64_t dropped = 0;
    while (bytes() > limit_ && !messages_.empty()) {
        if (under_way_ > 0) {
            --under_way_;
            ++dropped_under_way_;
        }
        dropped += drop_oldest();
    }
    return dropped;
}

void History::close() {
    if (open_.empty()) {
        return;
    }
    append({{open_.message().begin(), open_.message().end()}, open_.records()});
    open_.clear();
}

void History::append(Message message) {
    frames_ += message.frames;
    bytes_ += size_of(message);
    messages_.push_back(std::move(message));
}

void History::hold(std::span<const std::byte> message, std::uint64_t frames, std::uint64_t covering) {
    held_.push_back({{{message.begin(), message.end()}, frames}, covering});
}

void History::covered(std::uint64_t tick) {
    while (!held_.empty() && held_.front().covering <= tick) {
        held_.pop_front();
    }
}

std::uint64_t History::lost() {
    under_way_ = dropped_under_way_ = 0;
    close();
    std::uint64_t frames = 0;
    for (Held& held : std::exchange(held_, {})) {
        frames += held.message.frames;
        append(std::move(held.message));
    }
    return frames;
}

std::uint64_t History::drop_oldest() {
    const std::uint64_t frames = messages_.front().frames;
    frames_ -= frames;
    bytes_ -= size_of(messages_.front());
    messages_.pop_front();
    return frames;
}

std::span<const std::byte> History::next() {
    if (under_way_ + dropped_under_way_ >= kUnderWay) {
        return {};
    }
    if (under_way_ == messages_.size()) {
        close();
    }
    return under_way_ < messages_.size() ? std::span<const std::byte>(messages_[under_way_].bytes)
                                         : std::span<const std::byte>();
}

std::uint64_t History::arrived() {
    if (dropped_under_way_ > 0) {
        --dropped_under_way_;
        return 0;
    }
    if (under_way_ == 0) {
        return 0;
    }
    --under_way_;
    return drop_oldest();
}

}  // namespace mqttcan::bridge
