// SPDX-License-Identifier: MIT
// How a connection comes and goes: attempt, refusal, diagnosis, subscription, loss.
#include "daemon/mqtt/connection.hpp"

#include <algorithm>
#include <array>

#include "daemon/loop/cpu_hold.hpp"
#include "daemon/mqtt/diagnosis.hpp"
#include "daemon/mqtt/reconnect.hpp"
#include "daemon/mqtt/resolver.hpp"

namespace mqttcan::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAttemptTime = 10s;  // for resolving, connecting and subscribing together
constexpr Duration kQueueTime = 20ms;   // until asking the factory again
constexpr Duration kDiagnosisInterval = 10s;
// When a broker returns, so do its clients, all at once. If each of them began with the frames that wait, the
// others could not tell those from what the broker had kept (CatchUp), and would take the longer to believe
// anything. So a session listens first until it has caught up, and after an outage until the others should
// have, too; but not for ever.
constexpr Duration kOthersReturn = 250ms;
constexpr Duration kLongestListen = 500ms;
constexpr Duration kShortLife = 1s;
constexpr int kManyShortLives = 4;
constexpr int kSessionTakenOver = 0x8e;

}  // namespace

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
    loop_.cpu().release();  // threads are made, here and below
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
    loop_.cpu().release();
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
    state_ = State::testing;
    if (options_.protocol != 5) {
        drop(
            "\"accept_pymqtt2can_clients\" needs MQTT 5, which this broker does not speak: "
            "the bus stays closed",
            settings_.refusal_delay);
        return;
    }
    self_test_echoed_ = false;
    control_echoed_ = false;
    ticking_ = true;
    if (auto asked = client_->subscribe({{tick_topic()}, {control_topic()}, {self_test_topic(), true}});
        !asked) {
        drop(asked.error().what);
    }
}

void Connection::end_self_test() {
    if (self_test_echoed_) {
        drop(
            "this broker ignores No Local, without which \"accept_pymqtt2can_clients\" would echo every "
            "frame back to the bus: the bus stays closed",
            settings_.refusal_delay);
        return;
    }
    if (!control_echoed_) {
        drop(text("whether this broker honours No Local cannot be tested: its access list must let this "
                  "client write "
                  "and read ",
                  control_topic(), " and ", self_test_topic(), "; the bus stays closed"),
             settings_.refusal_delay);
        return;
    }
    subscribe();
}

void Connection::subscribe() {
    state_ = State::subscribing;
    if (!fence_) {
        fence_.emplace(settings_.fence, BootClock::now());
    }
    ask_for_new();
}

/// Subscribes to what nobody has subscribed to in this session.
void Connection::ask_for_new() {
    if (asking_) {
        return;  // on_subscribed() comes here again
    }
    const bool tick = settings_.fence.returning && !ticking_;
    auto filters = roster_.ask();
    if (online() && !filters && !tick) {
        return;
    }
    filters = std::move(filters).value_or(std::vector<Filter>());
    if (tick) {
        ticking_ = true;
        filters->push_back({tick_topic()});  // behind those of the roster
    }
    asking_ = true;
    if (auto asked = client_->subscribe(*filters); !asked) {
        drop(asked.error().what);
    }
}

/// An access list may have been mended meanwhile.
void Connection::ask_again() {
    roster_.ask_again();
    ask_for_new();
}

void Connection::on_subscribed(const Control& control) {
    if (state_ == State::testing) {
        if (std::ranges::any_of(control.grants, [](int code) { return code >= Roster::kRefused; })) {
            drop(text(refusal_text(own_prefix() + '+'), "; the bus stays closed"), settings_.refusal_delay);
            return;
        }
        fence_.emplace(settings_.fence, BootClock::now());
        const std::array<std::byte, 1> nothing{};
        client_->publish_frame(control_topic(), nothing, settings_.message_expiry);
        client_->publish_frame(self_test_topic(), nothing, settings_.message_expiry);
        send_tick();
        return;
    }
    asking_ = false;
    const Roster::Answers news = roster_.answered(control.grants);
    for (const std::string& pattern : news.refused) {
        log_.error(label(), ": ", refusal_text(pattern));
    }
    for (const std::string& pattern : news.granted) {
        log_.notice(label(), ": the broker grants the subscription to ", pattern, " now");
    }
    if (roster_.refused()) {
        ask_timer_.arm(BootClock::now() + settings_.refusal_delay);
    }
    if (state_ == State::subscribing) {
        go_online();
    } else if (online()) {
        welcome();
    }
    if (online()) {
        ask_for_new();  // somebody may have come meanwhile
    }
}

/// Subscriptions stand.
void Connection::welcome() {
    if (settings_.fence.returning && catch_up_.done()) {
        send_tick();  // before anybody says "online": whatever that brings about is then known to be fresh
    } else if (settings_.fence.returning) {
        send_train();
    }
    join();
}

void Connection::join() {
    const bool believed = !settings_.fence.returning || catch_up_.done();
    for (Slot slot = 0; slot < roster_.slots(); ++slot) {
        if (Subscriber* const subscriber = roster_.join(slot, believed)) {
            subscriber->on_online();
        }
    }
}

void Connection::go_online() {
    const TimePoint now = BootClock::now();
    state_ = State::online;
    attempt_timer_.disarm();
    online_since_ = now;
    lag_told_ = false;
    const bool was_away = !reported_.empty();
    if (!was_away) {
        log_.notice(label(), ": connected (", protocol(), ')');
    } else {
        log_.notice(label(), ": connected (", protocol(), ") after ", seconds_text(now - outage_began_));
    }
    reported_.clear();
    diagnosed_at_.reset();
    if (settings_.will) {
        publish_retained(settings_.will->topic, settings_.birth);
    }
    for (const std::string& topic : std::exchange(to_clear_, {})) {
        publish_retained(topic, {});
    }
    welcome();
    speaks_from_ = was_away ? now + kOthersReturn : now;
    listen(settings_.fence.returning ? now + kLongestListen : now);
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
    short_lives_ = 0;  // a broker that comes and goes, not a rival that throws us out
    const TimePoint now = BootClock::now();
    if (!diagnosed_at_ || now - *diagnosed_at_ >= kDiagnosisInterval) {
        diagnosed_at_ = now;
        loop_.cpu().release();
        diagnose_later(options_, attempt_, inbox_);
    }
    drop({});
}

void Connection::on_diagnosed(const Control& control) {
    if (online() || state_ == State::stopped) {
        return;
    }
    if (control.text.empty()) {
        diagnosed_at_.reset();
        if (control.number == attempt_) {
            // The line is sound, so it is MQTT itself that fails: perhaps a broker that hangs up on MQTT 5.
            options_.protocol = options_.protocol == 5 ? 4 : 5;
        }
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
        drop(text(control.code == kSessionTakenOver
                      ? "another client connected with our client id \""
                      : "thrown out again and again: another client seems to use our "
                        "client id \"",
                  settings_.client_id, "\": give one of the two another \"client_id\""),
             settings_.refusal_delay);
    } else {
        drop(control.code != 0 ? text("the broker closed the connection: ", control.text)
                               : std::string("connection lost"));
    }
}

/// What the client still says of it (requests that were discarded) finds nobody who asked.
void Connection::end_session() {
    client_.reset();
    fence_.reset();
    catch_up_ = {};
    outbox_.clear();
    history_.clear();
    fence_timer_.disarm();
    listen_timer_.disarm();
    ask_timer_.disarm();
    asking_ = ticking_ = tick_missing_ = false;
    roster_.end_session();
    tell_dropped(inbox_->forget_messages());
}

void Connection::drop(const std::string& reason, Duration at_least) {
    if (state_ == State::stopping) {
        finish_stop();
        return;
    }
    const bool was_online = online();
    const std::uint64_t acknowledged = acknowledged_tick();
    if (was_online || state_ == State::testing) {
        options_.protocol = 5;  // what the broker could not do it may have learnt
    }
    const TimePoint now = BootClock::now();
    end_session();
    state_ = State::waiting;
    if (was_online) {
        outage_began_ = now;
        first_retry_ = true;
    }
    for (Slot slot = 0; slot < roster_.slots() && was_online; ++slot) {
        if (Subscriber* const subscriber = roster_.at(slot)) {
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

}  // namespace mqttcan::mqtt
