// SPDX-License-Identifier: MIT
// One connection to one broker, kept up for ever: resolves, connects, subscribes, ticks, notices when the
// line is dead, and starts again. Bridges share it as Subscribers. The loop's thread.
//
// A failure is never an error to the caller: it is logged once, with its cause, and cured by trying again.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/loop/moderation.hpp"
#include "daemon/mqtt/catch_up.hpp"
#include "daemon/mqtt/client.hpp"
#include "daemon/mqtt/fence.hpp"
#include "daemon/mqtt/inbox.hpp"
#include "daemon/mqtt/outbox.hpp"
#include "daemon/mqtt/rate_limit.hpp"
#include "daemon/mqtt/roster.hpp"
#include "daemon/mqtt/subscriber.hpp"

namespace mqttcan::mqtt {

struct ConnectionSettings {
    std::string name;  ///< for the log: the broker entry of the configuration
    std::string host;
    std::uint16_t port = 1883;
    std::optional<TlsOptions> tls;
    std::string client_id;
    std::string username;
    std::function<Result<std::string>()> password;  ///< asked for each attempt
    std::optional<Will> will;                       ///< its retained opposite is said with `birth`
    std::string birth;                              ///< payload for the will's topic once connected
    std::string farewell;                           ///< the same before a clean end; empty clears the topic
    Duration keep_alive = std::chrono::seconds(20);
    Duration reconnect_max = std::chrono::seconds(5);
    Duration refusal_delay = std::chrono::seconds(5);  ///< after a refusal that hardly heals by itself
    Fence::Settings fence;
    RateLimit::Settings limits;
    std::uint32_t message_expiry = 2;  ///< seconds, MQTT 5
    bool self_test_no_local = false;   ///< prove that No Local works before using it
};

class Connection {
  public:
    Connection(loop::Loop&, ClientFactory&, ConnectionSettings, Log);
    ~Connection();

    /// At any time; refresh() makes it true. The subscriber hears on_online() when its subscriptions were
    /// answered and, unless it has none, the broker has caught up; once more when one that was refused is
    /// granted. problem() tells if it hears nothing all the same.
    void add(Subscriber&, std::vector<Subscription>);
    /// At once: it hears nothing any more.
    void remove(Subscriber&);
    /// After add() and remove(): subscribes to what is new, without a break for the others. The fence and the
    /// expiry (as in ConnectionSettings) are those of the buses that there are now.
    void refresh(const Fence::Settings& fence, std::uint32_t message_expiry);
    /// After add() alone.
    void subscribe_new();
    /// Whether somebody, or the connection itself, has messages below it, one level deep.
    bool listens_below(std::string_view prefix) const;
    void start();
    /// Publishes nothing more, says goodbye, then calls `done` (at most a second later).
    void stop(loop::Callback done);

    bool online() const { return state_ == State::online; }
    /// Whether publish() would work: online, the broker has acknowledged enough of what it was sent, and the
    /// limits allow it.
    bool ready() const { return takes(BootClock::now()); }
    /// QoS 0; false if not ready() or the library refuses.
    bool publish(const std::string& topic, std::span<const std::byte> payload);
    /// QoS 1, for what need not be fresh; false if not ready(), or while a few of those are under way
    /// (on_window() tells). The subscriber hears on_arrived(), in order; nothing if the connection is lost
    /// before.
    bool publish_history(Subscriber&, const std::string& topic, std::span<const std::byte> payload);
    /// QoS 1, retained; lost silently while offline (on_online() says it anew).
    void publish_retained(const std::string& topic, std::string_view payload);
    /// Nothing is retained there any more: at once, or when the broker can be reached again.
    void clear_retained(const std::string& topic);
    /// What is published now is known to have arrived when on_offline() names this number or a higher one.
    std::uint64_t covering_tick() const { return fence_ ? fence_->covering() : 0; }
    std::uint64_t acknowledged_tick() const { return fence_ ? fence_->last_acknowledged() : 0; }
    const std::string& name() const { return settings_.name; }
    /// "mqtts://broker.example.com:8883"
    std::string url() const;
    /// "broker default (mqtts://broker.example.com:8883)"
    std::string label() const;
    /// "MQTT 5"; of the current attempt while there is no connection.
    std::string_view protocol() const { return options_.protocol == 5 ? "MQTT 5" : "MQTT 3.1.1"; }
    /// Why there is no connection, or nothing that comes by it is believed, as was logged; empty if all is
    /// well, or nothing was tried in vain yet.
    std::string problem() const;
    /// The same, and why that subscriber hears nothing; empty for one that has nothing to hear while there is
    /// a connection.
    std::string problem(const Subscriber&) const;
    /// Since when it is online, or not.
    TimePoint since() const { return online() ? online_since_ : outage_began_; }
    const std::string& client_id() const { return settings_.client_id; }
    /// Whether a connection of those settings would meet the same broker.
    bool meets(const ConnectionSettings& other) const {
        return settings_.host == other.host && settings_.port == other.port;
    }
    /// Topic of the connection's own status; empty if there is none.
    std::string status_topic() const { return settings_.will ? settings_.will->topic : std::string(); }

  private:
    static constexpr std::size_t kFixedOverhead =
        8;  ///< a PUBLISH packet beside its topic and payload, about

    enum class State {
        stopped,
        waiting,    ///< for the next attempt
        resolving,  ///< the host name
        queueing,   ///< another connection to the same address is just being made
        connecting,
        subscribing,
        testing,  ///< that No Local works
        online,
        stopping,
    };

    bool takes(TimePoint now) const {
        return online() && !listen_timer_.armed() && fence_->open() && limit_.allows(now);
    }
    void attempt();
    void on_attempt_timer();
    void on_inbox_ready();
    void on_inbox_timer();
    bool on_inbox(bool again = false);
    void deliver(const Inbox::Item& item);
    void on_tick(std::span<const std::byte> payload);
    void on_control(const Control& control);
    void on_resolved(const Control& control);
    void make_client();
    void on_connected();
    void begin_self_test();
    void end_self_test();
    void subscribe();
    void ask_for_new();
    void ask_again();
    std::string refusal_text(const std::string& pattern) const;
    void set_routes();
    void on_subscribed(const Control& control);
    void welcome();
    void join();
    void tell_dropped(const std::vector<std::uint64_t>& by_slot);
    void tell_window();
    void on_history_done(const Control& control);
    void spend(std::size_t bytes, TimePoint now);
    void go_online();
    void on_tick_acknowledged(std::uint64_t number);
    void on_connect_failed(const Control& control);
    void on_diagnosed(const Control& control);
    void on_lost(const Control& control);
    void on_hung_up(const Control& control);
    void end_session();
    void drop(const std::string& reason, Duration at_least = {});
    void report(const std::string& reason);
    void on_fence_timer();
    void arm_fence_timer();
    std::optional<TimePoint> next_train() const;
    void listen(TimePoint until);
    void send_tick();
    void send_train();
    void on_train();
    void send_retained();
    void on_retained_done();
    void finish_stop();
    std::string own_prefix() const { return "mqttcan/" + settings_.client_id + '/'; }
    std::string tick_topic() const { return own_prefix() + "tick"; }
    std::string control_topic() const { return own_prefix() + "control"; }
    std::string self_test_topic() const { return own_prefix() + "selftest"; }

    loop::Loop& loop_;
    ClientFactory& factory_;
    ConnectionSettings settings_;
    Log log_;

    Roster roster_;
    bool knows_strays_ = false;     ///< messages on topics that nobody asked for are no news
    std::shared_ptr<Inbox> inbox_;  ///< shared with resolver and diagnosis threads, which may outlive us
    Inbox::Batch batch_;
    std::vector<Slot> touched_;  ///< subscribers that got messages in this batch
    loop::IoSource inbox_source_;
    loop::ShortTimer inbox_timer_;  ///< while many messages come: when to look again
    loop::Moderation moderation_{4};
    loop::Timer attempt_timer_;  ///< next attempt, or the time-out of this one
    loop::Timer fence_timer_;
    loop::Timer limit_timer_;   ///< when the limits allow the next message
    loop::Timer listen_timer_;  ///< armed while a new session listens before it speaks
    loop::Timer ask_timer_;     ///< when to ask again for what the broker refuses
    RateLimit limit_;
    std::mt19937_64 random_;

    State state_ = State::stopped;
    ConnectOptions options_;
    std::unique_ptr<Client> client_;
    std::optional<Fence> fence_;  ///< from the first subscription until the client goes
    CatchUp catch_up_;            ///< as long as the fence; of no meaning unless that returns
    Outbox outbox_;
    std::deque<Slot> history_;        ///< whose messages of that kind are under way
    Slot served_first_ = 0;           ///< was told first that there is room
    std::set<std::string> to_clear_;  ///< topics that nobody could be told of while offline
    bool asking_ = false;             ///< a SUBSCRIBE is under way
    bool ticking_ = false;            ///< our tick was subscribed to in this session
    std::uint64_t attempt_ = 0;       ///< number of the current attempt
    std::size_t next_address_ = 0;    ///< which of several addresses to try
    std::vector<std::string> addresses_;
    bool self_test_echoed_ = false;
    bool control_echoed_ = false;  ///< proof that the self-test could have been heard
    std::string nonce_;            ///< marks our ticks; not published elsewhere, so that nobody can forge one
    bool tick_missing_ = false;    ///< acknowledged, but it does not come back
    bool lag_told_ = false;

    TimePoint online_since_{};
    TimePoint speaks_from_{};  ///< if it has caught up by then
    int short_lives_ = 0;      ///< connections in a row that the broker ended soon
    TimePoint outage_began_{};
    bool first_retry_ = true;
    std::optional<TimePoint> diagnosed_at_;  ///< in this outage
    std::string failure_;                    ///< of the attempt that is being diagnosed
    std::string reported_;                   ///< last reason that was logged in this outage
    loop::Callback stopped_;
};

}  // namespace mqttcan::mqtt
