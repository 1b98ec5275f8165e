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

Publisher::Publisher(loop::Loop& loop, mqtt::Connection& connection, mqtt::Subscriber& owner,
                     const config::Bus& bus, codec::BusCounters& counters, loop::Callback news)
    : connection_(connection),
      owner_(owner),
      settings_(bus.from_bus),
      counters_(counters),
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
    if (encoder_ && bus.role == config::Role::client) {
        receipts_.emplace(loop, counters.from_bus, std::move(news));
    }
    if (encoder_ && bus.from_bus.buffer > 0) {
        history_.emplace(bus.from_bus.buffer, epoch());
        backfill_topic_ = codec::backfill_topic(bus.topic);
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
        set_aside(codec::Drop::overflow);
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

void Publisher::pop_published(std::size_t frames, std::uint64_t covering) {
    std::uint64_t confirmations = 0;
    for (std::size_t i = 0; i < frames; ++i) {
        confirmations += queue_[i].echo ? 1 : 0;
    }
    counters_.from_bus.passed += frames - confirmations;
    counters_.confirmations.passed += confirmations;
    if (history_) {
        history_->hold(encoder_->message(), frames - confirmations, covering);
    } else {
        in_flight_.published(covering, frames - confirmations);
    }
    confirmations_in_flight_.published(covering, confirmations);
    pop(frames);
}

void Publisher::drop_first(codec::Drop reason) {
    count_of(queue_.front()).drop(reason);
    pop(1);
}

void Publisher::drop_all(codec::Drop reason) {
    batch_timer_.disarm();
    heartbeat_timer_.disarm();
    while (!queue_.empty()) {
        drop_first(reason);
    }
    if (history_) {
        counters_.from_bus.drop(reason, history_->frames());
        history_.reset();
        counters_.from_bus.buffered = 0;
    }
}

/// Too late for the present.
void Publisher::set_aside(codec::Drop reason) {
    if (!history_ || queue_.front().echo) {
        drop_first(reason);
        return;
    }
    counters_.from_bus.drop(codec::Drop::overflow, history_->add(queue_.front()));
    counters_.from_bus.buffered = history_->frames();
    pop(1);
}

/// Behind all that is present.
void Publisher::publish_history() {
    history_->covered(connection_.acknowledged_tick());
    while (queue_.empty()) {
        const auto message = history_->next();
        if (message.empty() || !connection_.publish_history(owner_, backfill_topic_, message)) {
            break;
        }
        history_->sent();
    }
    counters_.from_bus.buffered = history_->frames();
}

void Publisher::on_arrived(bool accepted) {
    if (!history_) {
        return;
    }
    const std::uint64_t frames = history_->arrived();
    if (accepted) {
        counters_.from_bus.backfilled += frames;
    } else {
        counters_.from_bus.drop(codec::Drop::refused, frames);
    }
    counters_.from_bus.buffered = history_->frames();
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
    if (history_ && connection_.online()) {
        publish_history();
    }
}

void Publisher::drop_stale() {
    const TimePoint now = BootClock::now();
    while (!queue_.empty() && now - queue_.front().arrived > settings_.max_age) {
        set_aside(codec::Drop::stale);
        beat_soon();
    }
}

void Publisher::publish_singles() {
    while (singles_->done < queue_.size()) {
        const std::uint64_t covering = connection_.covering_tick();
        if (!publish_single(queue_[singles_->done])) {
            return;
        }
        if (encoder_) {
            ++singles_->done;
        } else {
            pop_published(1, covering);
        }
    }
}

bool Publisher::publish_single(const can::Frame& frame) {
    if (frame.echo) {
        return true;  // who speaks this format does not ask what became of a frame
    }
    std::array<std::byte, codec::savvycan::kMaxPayload> payload;
    std::array<char, codec::savvycan::kMaxIdDigits> id;
    singles_->topic.resize(singles_->prefix);
    singles_->topic += codec::savvycan::encode_id(frame, id);
    return connection_.publish(singles_->topic, codec::savvycan::encode(frame, payload));
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
        drop_first(codec::Drop::refused);  // no receiver would take it
        return true;
    }
    const std::uint64_t covering = connection_.covering_tick();
    const Awaited::Message message{queue_.front().sequence, encoder_->records(), BootClock::now(),
                                   wall_now()};
    if (!connection_.publish(stream_topic_, encoder_->message())) {
        return false;
    }
    if (receipts_) {
        receipts_->published(message);
    }
    pop_published(encoder_->records(), covering);
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
    if (history_) {
        // Not in doubt: published once more, behind what is present.
        history_->covered(acknowledged);
        counters_.from_bus.passed -= history_->lost();
        counters_.from_bus.buffered = history_->frames();
    }
    counters_.from_bus.in_doubt += in_flight_.lost(acknowledged);
    counters_.confirmations.in_doubt += confirmations_in_flight_.lost(acknowledged);
}

}  // namespace mqttcan::bridge
