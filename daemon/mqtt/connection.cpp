// SPDX-License-Identifier: MIT
#include "daemon/mqtt/connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "daemon/mqtt/diagnosis.hpp"
#include "daemon/mqtt/reconnect.hpp"
#include "daemon/mqtt/resolver.hpp"

namespace mqttcan::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAttemptTime = 10s;       // for resolving, connecting and subscribing together
constexpr Duration kQueueTime = 20ms;        // until asking the factory again
constexpr Duration kSettleTime = 250ms;      // in which a thawed broker works off what it had received before
constexpr Duration kDiagnosisInterval = 10s;
constexpr Duration kRefusalDelay = 5s;       // after a refusal that another try is unlikely to cure
constexpr Duration kStopTime = 1s;
constexpr Duration kShortLife = 3s;
constexpr int kManyShortLives = 3;
constexpr TimePoint kUnproved{-24h};         // older than any max_age
constexpr int kSessionTakenOver = 0x8e;
constexpr int kRefused = 0x80;               // MQTT reason codes from here on mean no
constexpr std::size_t kFixedOverhead = 8;    // a PUBLISH packet beside its topic and payload, about

std::string seconds_text(Duration duration) {
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count() / 100;
    return text(tenths / 10, '.', tenths % 10, " s");
}

}  // namespace

Connection::Connection(loop::Loop& loop, ClientFactory& factory, ConnectionSettings settings, Log log)
    : factory_(factory),
      settings_(std::move(settings)),
      log_(std::move(log)),
      inbox_(std::make_shared<Inbox>()),
      inbox_source_(loop, inbox_->fd(), [this] { on_inbox(); }),
      attempt_timer_(loop, [this] { on_attempt_timer(); }),
      fence_timer_(loop, [this] { on_fence_timer(); }),
      random_(std::random_device()()) {
    options_.protocol = 5;
}

Connection::~Connection() = default;

std::string Connection::label() const {
    const bool ipv6 = settings_.host.find(':') != std::string::npos;
    return text("broker ", settings_.name, " (", settings_.tls ? "mqtts://" : "mqtt://", ipv6 ? "[" : "",
                settings_.host, ipv6 ? "]" : "", ':', settings_.port, ')');
}

void Connection::add(Subscriber& subscriber, const std::vector<Subscription>& subscriptions) {
    const auto slot = static_cast<Slot>(subscribers_.size());
    subscribers_.push_back(&subscriber);
    for (const Subscription& subscription : subscriptions) {
        subscriptions_.push_back(subscription);
        routes_.push_back({subscription.prefix, slot});
    }
}

void Connection::start() {
    std::vector<Route> routes = routes_;
    // Both topics of our own are the only ones below this prefix that are ever subscribed to.
    routes.push_back({"mqttcan/" + settings_.client_id + '/', kTickSlot});
    inbox_->set_routes(routes, subscribers_.size());
    outage_began_ = BootClock::now();
    attempt();
}

void Connection::stop(loop::Callback done) {
    stopped_ = std::move(done);
    if (state_ != State::online) {
        finish_stop();
        return;
    }
    state_ = State::stopping;
    client_->disconnect();
    attempt_timer_.arm(BootClock::now() + kStopTime);
}

void Connection::finish_stop() {
    state_ = State::stopped;
    attempt_timer_.disarm();
    fence_timer_.disarm();
    client_.reset();
    if (stopped_) {
        std::exchange(stopped_, nullptr)();
    }
}

bool Connection::publish(const std::string& topic, std::span<const std::byte> payload) {
    if (!ready() || !client_->publish_frame(topic, payload, settings_.message_expiry)) {
        return false;
    }
    fence_->frame_sent(topic.size() + payload.size() + kFixedOverhead);
    if (fence_->due(BootClock::now())) {
        send_tick();
    } else if (!fence_timer_.armed()) {
        arm_fence_timer();
    }
    return true;
}

void Connection::publish_retained(const std::string& topic, std::string_view payload) {
    if (online()) {
        client_->publish_acknowledged(topic, payload, true, 0);
    }
}

void Connection::attempt() {
    state_ = State::resolving;
    ++attempt_;
    auto password = settings_.password();
    if (!password) {
        drop(password.error().what);
        return;
    }
    const int protocol = options_.protocol;
    options_ = {
        .host = settings_.host,
        .address = {},
        .port = settings_.port,
        .tls = settings_.tls,
        .client_id = settings_.client_id,
        .username = settings_.username,
        .password = std::move(*password),
        .will = settings_.will,
        .protocol = protocol,
        .keep_alive = settings_.keep_alive,
        .timeout = kAttemptTime,
    };
    attempt_timer_.arm(BootClock::now() + kAttemptTime);
    resolve_later(settings_.host, attempt_, inbox_);
}

void Connection::on_attempt_timer() {
    switch (state_) {
        case State::waiting:
            attempt();
            break;
        case State::queueing:
            make_client();
            break;
        case State::stopping:
            finish_stop();
            break;
        case State::resolving:
            drop(text("no answer from the name server about \"", settings_.host, '"'));
            break;
        case State::connecting:
        case State::subscribing:
        case State::testing:
            drop("no answer from the broker to MQTT's greeting (is something else listening on that port?)");
            break;
        case State::stopped:
        case State::online:
            break;
    }
}

void Connection::on_inbox() {
    inbox_->take(batch_);
    const Client* const client = client_.get();
    if (client_) {
        client_->hasten();
    }
    for (const Inbox::Item& item : batch_.items) {
        if (item.is_control) {
            on_control(batch_.controls[item.at]);
        } else if (client_.get() == client) {
            deliver(item);
        }
    }
    for (std::size_t i = 0; i < batch_.dropped.size(); ++i) {
        if (batch_.dropped[i] > 0) {
            subscribers_[i]->on_overflow(batch_.dropped[i]);
        }
    }
    for (const Slot slot : std::exchange(touched_, {})) {
        subscribers_[slot]->on_batch_end();
    }
}

void Connection::deliver(const Inbox::Item& item) {
    // A broker may send before it has acknowledged the subscription: retained messages, above all.
    if (item.slot < subscribers_.size() && fence_) {
        if (touched_.empty() || touched_.back() != item.slot) {
            touched_.push_back(item.slot);
        }
        const TimePoint fresh_since = settling_ ? kUnproved : fence_->fresh_since();
        subscribers_[item.slot]->on_message(batch_.level(item), batch_.payload(item), item.retained, fresh_since);
    } else if (item.slot == kTickSlot && fence_ && !item.retained) {
        if (batch_.level(item) == "tick") {
            on_tick(batch_.payload(item));
        } else {
            self_test_echoed_ = true;
        }
    }
}

void Connection::on_tick(std::span<const std::byte> payload) {
    const std::string_view words(reinterpret_cast<const char*>(payload.data()), payload.size());
    // Ours begins with this process's session and this attempt; anything else is a stranger's.
    const std::string prefix = text(settings_.session, ' ', attempt_, ' ');
    std::uint64_t number = 0;
    if (!words.starts_with(prefix) ||
        std::from_chars(words.data() + prefix.size(), words.data() + words.size(), number).ec != std::errc()) {
        return;
    }
    fence_->returned(number);
    if (settling_ && BootClock::now() >= settled_at_) {
        settling_ = false;
    }
    if (state_ == State::testing) {
        end_self_test();
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
            if (state_ == State::subscribing || state_ == State::testing) {
                drop(text("subscribing failed: ", control.text));
            }
            break;
        case Control::Kind::acknowledged:
            on_acknowledged(control);
            break;
        case Control::Kind::lost:
            on_lost(control);
            break;
    }
}

void Connection::on_resolved(const Control& control) {
    if (state_ != State::resolving || control.number != attempt_) {
        return;
    }
    if (control.addresses.empty()) {
        drop(control.text);
        return;
    }
    addresses_ = control.addresses;
    options_.address = addresses_[next_address_++ % addresses_.size()];
    make_client();
}

void Connection::make_client() {
    client_ = factory_.make(*inbox_, options_);
    if (!client_) {
        state_ = State::queueing;
        attempt_timer_.arm(BootClock::now() + kQueueTime);
        return;
    }
    state_ = State::connecting;
    attempt_timer_.arm(BootClock::now() + kAttemptTime);
    if (auto started = client_->connect(); !started) {
        drop(started.error().what);
    }
}

void Connection::on_connected() {
    if (state_ != State::connecting) {
        return;
    }
    if (settings_.self_test_no_local) {
        begin_self_test();
    } else {
        subscribe();
    }
}

void Connection::begin_self_test() {
    if (options_.protocol != 5) {
        drop("\"accept_pymqtt2can_clients\" needs MQTT 5, which this broker does not speak: "
             "the bus stays closed",
             kRefusalDelay);
        return;
    }
    state_ = State::testing;
    self_test_echoed_ = false;
    asked_ = {{tick_topic()}, {self_test_topic(), true}};
    if (auto asked = client_->subscribe(asked_); !asked) {
        drop(asked.error().what);
    }
}

void Connection::end_self_test() {
    if (self_test_echoed_) {
        drop("this broker ignores No Local, without which \"accept_pymqtt2can_clients\" would echo every frame "
             "back to the bus: the bus stays closed",
             kRefusalDelay);
        return;
    }
    subscribe();
}

void Connection::subscribe() {
    state_ = State::subscribing;
    if (!fence_) {
        fence_.emplace(settings_.fence, BootClock::now());
    }
    asked_.clear();
    for (const Subscription& subscription : subscriptions_) {
        asked_.push_back({subscription.prefix + '+', subscription.no_local});
    }
    if (settings_.fence.returning && !settings_.self_test_no_local) {
        asked_.push_back({tick_topic()});
    }
    if (auto asked = client_->subscribe(asked_); !asked) {
        drop(asked.error().what);
    }
}

void Connection::on_subscribed(const Control& control) {
    for (std::size_t i = 0; i < std::min(control.grants.size(), asked_.size()); ++i) {
        if (control.grants[i] >= kRefused) {
            log_.error(label(), ": the broker refuses the subscription to ", asked_[i].pattern,
                       ": its access list must let ", settings_.username.empty() ? "this client" : settings_.username,
                       " read that topic");
        }
    }
    if (state_ == State::testing) {
        fence_.emplace(settings_.fence, BootClock::now());
        const std::array<std::byte, 1> nothing{};
        client_->publish_frame(self_test_topic(), nothing, settings_.message_expiry);
        send_tick();
    } else if (state_ == State::subscribing) {
        go_online();
    }
}

void Connection::go_online() {
    const TimePoint now = BootClock::now();
    state_ = State::online;
    attempt_timer_.disarm();
    online_since_ = now;
    settled_at_ = now + kSettleTime;
    tick_missing_told_ = false;
    const char* const protocol = options_.protocol == 5 ? "MQTT 5" : "MQTT 3.1.1";
    if (reported_.empty()) {
        log_.notice(label(), ": connected (", protocol, ')');
    } else {
        log_.notice(label(), ": connected (", protocol, ") after ", seconds_text(now - outage_began_));
    }
    reported_.clear();
    diagnosed_at_.reset();
    if (settings_.fence.returning) {
        send_tick();
    }
    if (settings_.will) {
        publish_retained(settings_.will->topic, settings_.birth);
    }
    for (Subscriber* subscriber : subscribers_) {
        subscriber->on_online();
    }
}

void Connection::on_acknowledged(const Control& control) {
    if (!fence_ || control.number == 0) {
        return;
    }
    const bool was_open = fence_->open();
    fence_->acknowledged(control.number);
    constexpr std::uint64_t kPatience = 5;
    if (settings_.fence.returning && !tick_missing_told_ &&
        fence_->last_acknowledged() >= fence_->last_returned() + kPatience) {
        tick_missing_told_ = true;
        log_.error(label(), ": our tick does not come back, so no frame can be shown to be fresh: the broker's "
                   "access list must let this client write and read ", tick_topic());
    }
    if (!was_open && fence_->open() && online()) {
        for (Subscriber* subscriber : subscribers_) {
            subscriber->on_window();
        }
    }
}

void Connection::on_connect_failed(const Control& control) {
    if (state_ != State::connecting) {
        return;
    }
    constexpr int kUnsupportedV5 = 0x84;
    constexpr int kUnsupportedV3 = 1;
    if (options_.protocol == 5 && (control.code == kUnsupportedV5 || control.code == kUnsupportedV3)) {
        log_.info(label(), ": the broker does not speak MQTT 5, falling back to 3.1.1");
        options_.protocol = 4;
        client_.reset();
        make_client();
        return;
    }
    if (control.code > 0) {
        drop(explain_connack(control.code, options_.protocol));
        return;
    }
    failure_ = control.text;
    const TimePoint now = BootClock::now();
    if (!diagnosed_at_ || now - *diagnosed_at_ >= kDiagnosisInterval) {
        diagnosed_at_ = now;
        diagnose_later(options_, attempt_, inbox_);
    }
    drop({});
}

void Connection::on_diagnosed(const Control& control) {
    if (online() || state_ == State::stopped) {
        return;
    }
    if (control.text.empty()) {
        // The line is sound, so it is MQTT itself that fails: perhaps a broker that hangs up on MQTT 5.
        options_.protocol = options_.protocol == 5 ? 4 : 5;
    }
    report(control.text.empty() ? failure_ : control.text);
}

void Connection::on_lost(const Control& control) {
    if (state_ == State::stopping) {
        finish_stop();
    } else if (state_ == State::connecting) {
        failure_ = control.text;
    } else if (client_) {
        on_hung_up(control);
    }
}

void Connection::on_hung_up(const Control& control) {
    short_lives_ = online() && BootClock::now() - online_since_ < kShortLife ? short_lives_ + 1 : 0;
    if (control.code == kSessionTakenOver || short_lives_ >= kManyShortLives) {
        // mosquitto often resets the line before its reason can be read: the rhythm tells as much.
        drop(text(control.code == kSessionTakenOver ? "another client connected with our client id \""
                                                    : "thrown out again and again: another client seems to use our "
                                                      "client id \"",
                  settings_.client_id, "\": give one of the two another \"client_id\""),
             kRefusalDelay);
    } else {
        drop(control.code != 0 ? text("the broker closed the connection: ", control.text)
                               : std::string("connection lost"));
    }
}

void Connection::drop(const std::string& reason, Duration at_least) {
    const bool was_online = online();
    const std::uint64_t acknowledged = acknowledged_tick();
    const TimePoint now = BootClock::now();
    client_.reset();
    fence_.reset();
    fence_timer_.disarm();
    inbox_->forget_messages();
    state_ = State::waiting;
    if (was_online) {
        outage_began_ = now;
        first_retry_ = true;
        for (Subscriber* subscriber : subscribers_) {
            subscriber->on_offline(acknowledged);
        }
    }
    if (!reason.empty()) {
        report(reason);
    }
    const double chance = std::uniform_real_distribution<double>()(random_);
    const Duration delay = reconnect_delay(now - outage_began_, std::exchange(first_retry_, false), chance,
                                           settings_.reconnect_max);
    attempt_timer_.arm(now + std::max(delay, at_least));
}

void Connection::report(const std::string& reason) {
    if (reason != reported_) {
        reported_ = reason;
        log_.warning(label(), ": ", reason, "; trying again");
    }
}

void Connection::on_fence_timer() {
    const TimePoint now = BootClock::now();
    if (!fence_) {
        return;
    }
    if (fence_->dead(now)) {
        settling_ = true;
        drop(text("the broker has not answered for ", seconds_text(settings_.fence.dead_after),
                  ": connection reset"));
        return;
    }
    if (fence_->due(now)) {
        send_tick();
    } else {
        arm_fence_timer();
    }
}

void Connection::arm_fence_timer() {
    if (const auto next = fence_->next_event()) {
        fence_timer_.arm(*next);
    }
}

void Connection::send_tick() {
    const TimePoint now = BootClock::now();
    const std::uint64_t number = fence_->tick_sent(now);
    client_->publish_acknowledged(tick_topic(),
                                  text(settings_.session, ' ', attempt_, ' ', number, ' ', now.time_since_epoch().count()),
                                  false, number);
    arm_fence_timer();
}

}  // namespace mqttcan::mqtt
