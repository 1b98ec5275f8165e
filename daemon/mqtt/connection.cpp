// SPDX-License-Identifier: MIT
// What happens on a connection while it stands. How it comes and goes: connecting.cpp; its tick: ticking.cpp.
#include "daemon/mqtt/connection.hpp"

#include <algorithm>

namespace mqttcan::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr Duration kStopTime = 1s;
constexpr TimePoint kUnproved{-24h};  // older than any max_age
// For a message's number; no tick gets so far.
constexpr std::uint64_t kRetained = std::uint64_t{1} << 60;
constexpr std::uint64_t kHistory = kRetained + 1;
constexpr std::size_t kHistoryAtOnce = 4;  // with Outbox::kAtOnce and the ticks less than the 20 of mosquitto

}  // namespace

Connection::Connection(loop::Loop& loop, ClientFactory& factory, ConnectionSettings settings, Log log)
    : loop_(loop),
      factory_(factory),
      settings_(std::move(settings)),
      log_(std::move(log)),
      inbox_(std::make_shared<Inbox>()),
      inbox_source_(loop, inbox_->fd(), [this] { on_inbox_ready(); }),
      inbox_timer_(loop, [this] { on_inbox_timer(); }),
      attempt_timer_(loop, [this] { on_attempt_timer(); }),
      fence_timer_(loop, [this] { on_fence_timer(); }),
      limit_timer_(loop, [this] { tell_window(); }),
      listen_timer_(loop, [this] { tell_window(); }),
      ask_timer_(loop, [this] { ask_again(); }),
      limit_(settings_.limits),
      random_(std::random_device()()),
      nonce_(text(std::random_device()(), '-', std::random_device()())) {
    options_.protocol = 5;
}

Connection::~Connection() = default;

std::string Connection::url() const {
    const bool ipv6 = settings_.host.find(':') != std::string::npos;
    return text(settings_.tls ? "mqtts://" : "mqtt://", ipv6 ? "[" : "", settings_.host, ipv6 ? "]" : "", ':',
                settings_.port);
}

std::string Connection::label() const {
    return text("broker ", settings_.name, " (", url(), ')');
}

void Connection::add(Subscriber& subscriber, std::vector<Subscription> subscriptions) {
    roster_.add(subscriber, std::move(subscriptions));
}

void Connection::remove(Subscriber& subscriber) {
    const auto removed = roster_.remove(subscriber);
    if (!removed) {
        return;
    }
    for (const std::string& pattern : removed->patterns) {
        if (client_ && state_ != State::stopping) {
            client_->unsubscribe(pattern);
        }
    }
    std::ranges::replace(history_, removed->slot, kNobodysSlot);
    knows_strays_ = true;  // what is still under way to it is no news
    set_routes();
}

void Connection::refresh(const Fence::Settings& fence, std::uint32_t message_expiry) {
    settings_.fence = fence;
    settings_.message_expiry = message_expiry;
    if (fence_) {
        fence_->adjust(fence);
        arm_fence_timer();
    }
    subscribe_new();
}

void Connection::subscribe_new() {
    set_routes();
    if (online()) {
        ask_for_new();
    }
}

bool Connection::listens_below(std::string_view prefix) const {
    return prefix == own_prefix() || roster_.listens_below(prefix);
}

void Connection::set_routes() {
    std::vector<Route> routes = roster_.routes();
    // Topics of our own are the only ones below this prefix that are ever subscribed to.
    routes.insert(routes.begin(), {own_prefix(), kTickSlot});
    inbox_->set_routes(routes, roster_.slots());
}

std::string Connection::problem() const {
    return tick_missing_
               ? text(
                     "our tick does not come back, so no frame can be shown to be fresh: the broker's "
                     "access list must let this client write and read ",
                     tick_topic())
               : reported_;
}

std::string Connection::problem(const Subscriber& subscriber) const {
    if (!online()) {
        return reported_;
    }
    if (const auto pattern = roster_.refusal(subscriber)) {
        return refusal_text(*pattern);
    }
    return roster_.hears(subscriber) ? problem() : std::string();
}

std::string Connection::refusal_text(const std::string& pattern) const {
    return text("the broker refuses the subscription to ", pattern, ": its access list must let ",
                settings_.username.empty() ? "this client" : settings_.username, " read that topic");
}

void Connection::start() {
    set_routes();
    outage_began_ = BootClock::now();
    attempt();
}

void Connection::stop(loop::Callback done) {
    stopped_ = std::move(done);
    if (state_ != State::online) {
        finish_stop();
        return;
    }
    if (settings_.will) {
        // A clean end suppresses the will.
        publish_retained(settings_.will->topic, settings_.farewell);
    }
    state_ = State::stopping;
    fence_timer_.disarm();
    listen_timer_.disarm();
    ask_timer_.disarm();
    attempt_timer_.arm(BootClock::now() + kStopTime);
    if (outbox_.empty()) {
        client_->disconnect();
    }
}

void Connection::finish_stop() {
    state_ = State::stopped;
    attempt_timer_.disarm();
    end_session();
    if (stopped_) {
        std::exchange(stopped_, nullptr)();
    }
}

bool Connection::publish(const std::string& topic, std::span<const std::byte> payload) {
    const TimePoint now = BootClock::now();
    if (!takes(now) || !client_->publish_frame(topic, payload, settings_.message_expiry)) {
        return false;
    }
    const std::size_t bytes = topic.size() + payload.size() + kFixedOverhead;
    spend(bytes, now);
    fence_->frame_sent(bytes);
    if (fence_->due(now)) {
        send_tick();
    } else if (!fence_timer_.armed()) {
        arm_fence_timer();
    }
    return true;
}

bool Connection::publish_history(Subscriber& subscriber, const std::string& topic,
                                 std::span<const std::byte> payload) {
    const TimePoint now = BootClock::now();
    const auto slot = roster_.find(subscriber);
    const std::string_view words(reinterpret_cast<const char*>(payload.data()), payload.size());
    if (!takes(now) || history_.size() >= kHistoryAtOnce || !slot ||
        !client_->publish_acknowledged(topic, words, false, kHistory)) {
        return false;
    }
    history_.push_back(*slot);
    spend(topic.size() + payload.size() + kFixedOverhead, now);
    return true;
}

/// Of what the limits allow.
void Connection::spend(std::size_t bytes, TimePoint now) {
    limit_.spent(bytes, now);
    if (!limit_.allows(now)) {
        limit_timer_.arm(limit_.free_at());
    }
}

void Connection::publish_retained(const std::string& topic, std::string_view payload) {
    to_clear_.erase(topic);
    if (online()) {
        outbox_.put(topic, payload);
        send_retained();
    }
}

void Connection::send_retained() {
    while (const auto message = outbox_.next()) {
        if (!client_->publish_acknowledged(message->topic, message->payload, true, kRetained)) {
            outbox_.done();
        }
    }
}

void Connection::on_retained_done() {
    if (!client_ || (state_ != State::online && state_ != State::stopping)) {
        return;
    }
    const bool had_some = !outbox_.empty();
    outbox_.done();
    send_retained();
    if (state_ == State::stopping && had_some) {
        attempt_timer_.arm(BootClock::now() + kStopTime);
        if (outbox_.empty()) {
            client_->disconnect();
        }
    }
}

void Connection::clear_retained(const std::string& topic) {
    publish_retained(topic, {});
    if (!online()) {
        to_clear_.insert(topic);
    }
}

void Connection::on_inbox_ready() {
    if (BootClock::now() < moderation_.due()) {
        inbox_->snooze();
        inbox_timer_.arm(moderation_.due());
    } else {
        on_inbox();
    }
}

void Connection::on_inbox_timer() {
    if (on_inbox(true)) {
        inbox_timer_.arm(moderation_.due());
    }
}

/// False if there was nothing. Otherwise with `again` nobody wakes the loop when more comes.
bool Connection::on_inbox(bool again) {
    const TimePoint began = BootClock::now();
    inbox_->take(batch_, again);
    roster_.batch_taken();
    if (batch_.items.empty() && batch_.unrouted == 0) {
        return false;
    }
    const Client* const client = client_.get();
    if (client_) {
        client_->hasten();
    }
    if (std::ranges::any_of(batch_.dropped, [](std::uint64_t count) { return count > 0; })) {
        catch_up_.message();  // what was dropped came before all of this
    }
    for (const Inbox::Item& item : batch_.items) {
        if (item.is_control) {
            on_control(batch_.controls[item.at]);
        } else if (client_.get() == client) {
            deliver(item);
        } else if (item.slot < batch_.dropped.size()) {
            ++batch_.dropped[item.slot];  // its connection was given up meanwhile
        }
    }
    tell_dropped(batch_.dropped);
    for (const Slot slot : touched_) {
        if (Subscriber* const subscriber = roster_.at(slot)) {
            subscriber->on_batch_end();
        }
    }
    touched_.clear();
    roster_.batch_delivered();
    if (batch_.unrouted > 0 && !std::exchange(knows_strays_, true)) {
        log_.warning(label(), " sends messages on topics that nobody subscribed to; they are ignored");
    }
    moderation_.served(began, BootClock::now());
    return !batch_.items.empty();
}

void Connection::tell_dropped(const std::vector<std::uint64_t>& by_slot) {
    for (Slot slot = 0; slot < by_slot.size(); ++slot) {
        if (Subscriber* const subscriber = by_slot[slot] > 0 ? roster_.at(slot) : nullptr) {
            subscriber->on_overflow(by_slot[slot]);
        }
    }
}

void Connection::deliver(const Inbox::Item& item) {
    // A broker may send before it has acknowledged the subscription: retained messages, above all.
    if (Subscriber* const subscriber = fence_ ? roster_.at(item.slot) : nullptr) {
        if (touched_.empty() || touched_.back() != item.slot) {
            touched_.push_back(item.slot);
        }
        if (!item.retained) {
            catch_up_.message();
        }
        const TimePoint fresh_since = catch_up_.done() ? fence_->fresh_since() : kUnproved;
        subscriber->on_message({.tag = item.tag,
                                .level = batch_.level(item),
                                .payload = batch_.payload(item),
                                .retained = item.retained,
                                .fresh_since = fresh_since});
    } else if (item.slot == kTickSlot && fence_ && !item.retained) {
        if (batch_.level(item) == "tick") {
            on_tick(batch_.payload(item));
        } else if (batch_.level(item) == "control") {
            control_echoed_ = true;
        } else {
            self_test_echoed_ = true;
        }
    }
}

void Connection::on_control(const Control& control) {
    switch (control.kind) {
        case Control::Kind::resolved:
            on_resolved(control);
            break;
        case Control::Kind::diagnosed:
            on_diagnosed(control);
            break;
        case Control::Kind::connected:
            on_connected();
            break;
        case Control::Kind::connect_failed:
            on_connect_failed(control);
            break;
        case Control::Kind::subscribed:
            on_subscribed(control);
            break;
        case Control::Kind::subscribe_failed:
            if (state_ == State::subscribing || state_ == State::testing || asking_) {
                drop(text("subscribing failed: ", control.text));
            }
            break;
        case Control::Kind::acknowledged:
        case Control::Kind::unpublished:
            if (control.number == kRetained) {
                on_retained_done();
            } else if (control.number == kHistory) {
                on_history_done(control);
            } else if (control.kind == Control::Kind::acknowledged) {
                on_tick_acknowledged(control.number);
            }
            break;
        case Control::Kind::lost:
            on_lost(control);
            break;
    }
}

/// Brokers acknowledge in order.
void Connection::on_history_done(const Control& control) {
    if (history_.empty() || !online()) {
        return;
    }
    Subscriber* const subscriber = roster_.at(history_.front());
    history_.pop_front();
    if (subscriber != nullptr) {
        subscriber->on_arrived(control.kind == Control::Kind::acknowledged && control.code == 0);
    }
    tell_window();
}

/// In turn: whoever is told first may use it up.
void Connection::tell_window() {
    ++served_first_;
    for (Slot i = 0; i < roster_.slots(); ++i) {
        if (Subscriber* const subscriber = roster_.at((served_first_ + i) % roster_.slots())) {
            subscriber->on_window();
        }
    }
}

}  // namespace mqttcan::mqtt
