// SPDX-License-Identifier: MIT
// The tick of a connection: when it is sent, and what follows when it is acknowledged, comes back, or does
// not (docs/wire-format.md, "The tick").
#include "daemon/mqtt/connection.hpp"

#include <algorithm>
#include <charconv>

namespace mqttcan::mqtt {
namespace {

constexpr Duration kLag = std::chrono::seconds(10);  // is worth a word

}  // namespace

void Connection::on_tick(std::span<const std::byte> payload) {
    const std::string_view words(reinterpret_cast<const char*>(payload.data()), payload.size());
    // Ours begins with this process's nonce and this attempt; anything else is a stranger's.
    const std::string prefix = text(nonce_, ' ', attempt_, ' ');
    std::uint64_t number = 0;
    if (!words.starts_with(prefix) ||
        std::from_chars(words.data() + prefix.size(), words.data() + words.size(), number).ec !=
            std::errc()) {
        return;
    }
    fence_->returned(number);
    if (std::exchange(tick_missing_, false)) {
        log_.notice(label(), ": our tick comes back");
    }
    if (state_ == State::testing) {
        end_self_test();
    } else if (!catch_up_.done()) {
        catch_up_.returned(number);
        on_train();
    }
}

void Connection::on_tick_acknowledged(std::uint64_t number) {
    if (!fence_ || number == 0) {
        return;
    }
    const bool was_open = fence_->open();
    fence_->acknowledged(number);
    if (!tick_missing_ && fence_->deaf(BootClock::now())) {
        tick_missing_ = true;
        if (state_ == State::testing) {
            drop(problem(), settings_.refusal_delay);
            return;
        }
        log_.error(label(), ": ", problem());
    }
    if (!was_open && fence_->open() && online()) {
        tell_window();
    }
    arm_fence_timer();
}

void Connection::on_fence_timer() {
    const TimePoint now = BootClock::now();
    if (!fence_) {
        return;
    }
    if (fence_->dead(now)) {
        on_inbox();  // the answer may wait there, if it was us who stood still
        if (!fence_ || !fence_->dead(now)) {
            arm_fence_timer();
            return;
        }
        drop(text("the broker has not answered for ", seconds_text(settings_.fence.dead_after),
                  ": connection reset"));
        return;
    }
    if (const auto train = next_train(); train && *train <= now) {
        send_train();
    } else if (fence_->due(now)) {
        send_tick();
    } else {
        arm_fence_timer();
    }
}

void Connection::arm_fence_timer() {
    if (!fence_ || state_ == State::stopping) {
        return;
    }
    const auto event = fence_->next_event();
    const auto train = next_train();
    if (event || train) {
        fence_timer_.arm(std::min(event.value_or(TimePoint::max()), train.value_or(TimePoint::max())));
    }
}

/// When to find out whether the broker has caught up; none if that is known or under way.
std::optional<TimePoint> Connection::next_train() const {
    return online() && ticking_ && fence_->has_room(CatchUp::kTrain) ? catch_up_.next_train() : std::nullopt;
}

void Connection::send_train() {
    const TimePoint now = BootClock::now();
    if (!fence_->has_room(CatchUp::kTrain)) {
        arm_fence_timer();  // next_train()
        return;
    }
    const std::uint64_t first = fence_->covering();
    for (std::uint64_t i = 0; i < CatchUp::kTrain; ++i) {
        send_tick();
    }
    catch_up_.train_sent(first, first + CatchUp::kTrain - 1, now);
}

/// One of its ticks came back.
void Connection::on_train() {
    if (catch_up_.done()) {
        join();
        if (listen_timer_.armed()) {
            listen(speaks_from_);
        }
    } else if (BootClock::now() - online_since_ > kLag && !std::exchange(lag_told_, true)) {
        log_.warning(label(), ": messages come without a pause since we are connected; they may be old, and ",
                     "are dropped as stale until there is one");
    }
    arm_fence_timer();
}

/// Nothing but what the session itself needs is published until then.
void Connection::listen(TimePoint until) {
    if (BootClock::now() < until) {
        listen_timer_.arm(until);
    } else {
        listen_timer_.disarm();
        tell_window();
    }
}

void Connection::send_tick() {
    const TimePoint now = BootClock::now();
    const std::uint64_t number = fence_->tick_sent(now);
    const std::string topic = tick_topic();
    const std::string payload = text(nonce_, ' ', attempt_, ' ', number, ' ', now.time_since_epoch().count());
    client_->publish_acknowledged(topic, payload, false, number);
    spend(topic.size() + payload.size() + kFixedOverhead, now);
    arm_fence_timer();
}

}  // namespace mqttcan::mqtt
