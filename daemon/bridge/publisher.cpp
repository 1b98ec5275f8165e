// SPDX-License-Identifier: MIT
#include "daemon/bridge/publisher.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "daemon/codec/savvycan.hpp"
#include "daemon/codec/topics.hpp"

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;
namespace stream = codec::stream;

constexpr Duration kQuiet = 200ms;  // after which a heartbeat shows whether the last frames were lost

std::string singles_prefix(const config::Bus& bus) {
    return bus.role == config::Role::server ? codec::frames_prefix(bus.topic)
                                            : codec::write_prefix(bus.topic);
}

std::string stream_topic(const config::Bus& bus, const std::string& client_id) {
    switch (bus.role) {
        case config::Role::server:
            return codec::rx_topic(bus.topic);
        case config::Role::client:
            return codec::tx_topic(bus.topic, client_id);
        case config::Role::peer:
            break;
    }
    return codec::peer_topic(bus.topic, client_id);
}

/// What a frame takes in a message, about.
std::size_t size_of(const can::Frame& frame) {
    constexpr std::size_t kBesideData = 6;
    return kBesideData + frame.payload().size();
}

}  // namespace

Publisher::Publisher(loop::Loop& loop, mqtt::Connection& connection, const config::Bus& bus,
                     codec::Counters& count)
    : connection_(connection),
      settings_(bus.from_bus),
      count_(count),
      queue_(bus.from_bus.queue),
      stream_topic_(stream_topic(bus, connection.client_id())),
      batcher_(bus.from_bus.linger),
      urgent_({.allow = bus.from_bus.urgent}),
      batch_timer_(loop, [this] { publish(); }),
      heartbeat_timer_(loop, [this] { beat(); }) {
    if (bus.speaks(config::Format::savvycan)) {
        std::string prefix = singles_prefix(bus);
        const std::size_t length = prefix.size();
        singles_.emplace(Singles{.topic = std::move(prefix), .prefix = length});
    }
    if (bus.speaks(config::Format::stream)) {
        encoder_.emplace(std::max(std::random_device()(), 1U));  // 0 means unknown in a confirmation
    }
}

void Publisher::skip(std::uint64_t frames) {
    next_ += frames;
    if (frames > 0) {
        beat_soon();
    }
}

void Publisher::push(can::Frame& frame) {
    frame.sequence = next_++;
    if (queue_.full()) {
        count_.drop(codec::Drop::overflow);
        pop(1);
    }
    queue_.push(frame);
    bytes_ += size_of(frame);
    urgent_waits_ = urgent_waits_ || (!settings_.urgent.empty() && urgent_.passes(frame));
}

void Publisher::pop(std::size_t frames) {
    for (std::size_t i = 0; i < frames; ++i) {
        bytes_ -= size_of(queue_[i]);
    }
    queue_.pop(frames);
    if (singles_) {
        singles_->done -= std::min(singles_->done, frames);
    }
    urgent_waits_ = urgent_waits_ && !queue_.empty();
}

std::size_t Publisher::clear() {
    batch_timer_.disarm();
    heartbeat_timer_.disarm();
    const std::size_t waited = queue_.size();
    pop(waited);
    return waited;
}

void Publisher::hurry() {
    hurry_ = true;
    publish();
}

void Publisher::publish() {
    drop_stale();
    if (singles_) {
        publish_singles();
    }
    if (encoder_) {
        publish_stream();
    }
}

void Publisher::drop_stale() {
    const TimePoint now = BootClock::now();
    while (!queue_.empty() && now - queue_.front().arrived > settings_.max_age) {
        count_.drop(codec::Drop::stale);
        pop(1);
        beat_soon();
    }
}

void Publisher::publish_singles() {
    while (singles_->done < queue_.size() && publish_single(queue_[singles_->done])) {
        if (encoder_) {
            ++singles_->done;
        } else {
            pop(1);
        }
    }
}

bool Publisher::publish_single(const can::Frame& frame) {
    std::array<std::byte, codec::savvycan::kMaxPayload> payload;
    std::array<char, codec::savvycan::kMaxIdDigits> id;
    singles_->topic.resize(singles_->prefix);
    singles_->topic += codec::savvycan::encode_id(frame, id);
    const std::uint64_t covering = connection_.covering_tick();
    if (!connection_.publish(singles_->topic, codec::savvycan::encode(frame, payload))) {
        return false;
    }
    if (!encoder_) {
        ++count_.passed;
        in_flight_.published(covering, 1);
    }
    return true;
}

void Publisher::publish_stream() {
    while (!queue_.empty() && connection_.ready()) {
        const TimePoint due = batcher_.due(waiting());
        if (due > BootClock::now() && !hurry_) {
            batch_timer_.arm(due);
            return;
        }
        if (!publish_message()) {
            return;
        }
    }
}

Batcher::Waiting Publisher::waiting() const {
    return {.oldest = queue_.front().arrived,
            .urgent = urgent_waits_,
            .full = bytes_ + stream::kHeaderLength >= stream::kMaxMessage};
}

bool Publisher::publish_message() {
    encoder_->clear();
    const auto add = [&](const can::Frame& frame) { return encoder_->add(frame, frame.sequence); };
    while (encoder_->records() < queue_.size() && add(queue_[encoder_->records()])) {
    }
    if (encoder_->empty()) {
        count_.drop(codec::Drop::refused);  // no receiver would take it
        pop(1);
        return true;
    }
    const std::uint64_t covering = connection_.covering_tick();
    if (!connection_.publish(stream_topic_, encoder_->message())) {
        return false;
    }
    count_.passed += encoder_->records();
    in_flight_.published(covering, encoder_->records());
    pop(encoder_->records());
    beat_soon();
    return true;
}

/// Tells receivers how far the numbers have come.
void Publisher::beat() {
    if (!connection_.online() || !queue_.empty()) {
        return;  // on_online(), or the message, arms it again
    }
    const TimePoint now = BootClock::now();
    if (now < quiet_) {
        beat_at(quiet_);
        return;
    }
    std::array<std::byte, stream::kHeaderLength> message;
    if (!connection_.publish(stream_topic_, stream::heartbeat(epoch(), next_, wall_now(), message))) {
        beat_soon();  // window or limits are closed just now
    } else if (settings_.heartbeat > Duration::zero()) {
        beat_at(now + settings_.heartbeat);
    }
}

void Publisher::beat_soon() {
    if (encoder_) {
        quiet_ = BootClock::now() + kQuiet;
        if (!heartbeat_timer_.armed() || beat_at_ > quiet_) {
            beat_at(quiet_);  // otherwise it is put off when it comes, instead of with each message
        }
    }
}

void Publisher::beat_at(TimePoint when) {
    beat_at_ = when;
    heartbeat_timer_.arm(when);
}

void Publisher::on_offline(std::uint64_t acknowledged) {
    heartbeat_timer_.disarm();
    count_.unconfirmed += in_flight_.lost(acknowledged);
}

}  // namespace mqttcan::bridge
