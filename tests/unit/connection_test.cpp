// SPDX-License-Identifier: MIT
#include "daemon/mqtt/connection.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "tests/support/fake_client.hpp"
#include "tests/support/silent_log.hpp"

namespace mqttcan::mqtt {
namespace {

using namespace std::chrono_literals;

/// A broker that does not answer to a subscription. Like Paho's, the client tells what became of the request
/// when it is destroyed.
class SilentClient final : public Client {
  public:
    SilentClient(Inbox& inbox, int& subscribes) : inbox_(inbox), subscribes_(subscribes) {}
    ~SilentClient() override {
        inbox_.control({.kind = Control::Kind::subscribe_failed, .text = "discarded before completion"});
    }
    Result<void> connect() override {
        inbox_.control({.kind = Control::Kind::connected});
        return {};
    }
    Result<void> subscribe(const std::vector<Filter>&) override {
        ++subscribes_;
        return {};
    }
    void unsubscribe(const std::string&) override {}
    bool publish_frame(const std::string&, std::span<const std::byte>, std::uint32_t) override {
        return false;
    }
    bool publish_acknowledged(const std::string&, std::string_view, bool, std::uint64_t) override {
        return false;
    }
    void hasten() override {}
    void disconnect() override {}

  private:
    Inbox& inbox_;
    int& subscribes_;
};

class SilentBroker final : public ClientFactory {
  public:
    std::unique_ptr<Client> make(Inbox& inbox, const ConnectOptions&) override {
        ++clients;
        return std::make_unique<SilentClient>(inbox, subscribes);
    }
    int clients = 0;
    int subscribes = 0;
};

/// Hears what a Connection says to one bus of it.
struct Bus final : Subscriber {
    void on_online() override { ++online; }
    void on_offline(std::uint64_t) override { ++offline; }
    void on_message(const Message&) override {}
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override {}
    void on_window() override { ++window; }
    int online = 0;
    int offline = 0;
    int window = 0;
};

const test::FakeClient::Heard nobody_hears = [](std::string_view, std::span<const std::byte>) {};

/// A broker with so much to deliver that no two ticks of anybody follow upon each other.
class BusyBroker final : public ClientFactory {
  public:
    class BusyClient final : public test::FakeClient {
      public:
        explicit BusyClient(Inbox& inbox) : FakeClient(inbox, nobody_hears), inbox_(inbox) {}
        bool publish_acknowledged(const std::string& topic, std::string_view payload, bool retained,
                                  std::uint64_t number) override {
            inbox_.message("car/1", "", false);
            return FakeClient::publish_acknowledged(topic, payload, retained, number);
        }

      private:
        Inbox& inbox_;
    };

    std::unique_ptr<Client> make(Inbox& inbox, const ConnectOptions&) override {
        return std::make_unique<BusyClient>(inbox);
    }
};

/// A broker whose access list keeps something from its clients until it is mended.
class RefusingBroker final : public ClientFactory {
  public:
    class RefusingClient final : public test::FakeClient {
      public:
        RefusingClient(Inbox& inbox, RefusingBroker& broker)
            : FakeClient(inbox, nobody_hears), inbox_(inbox), broker_(broker) {}
        Result<void> subscribe(const std::vector<Filter>& filters) override {
            std::vector<int> grants(filters.size());
            std::ranges::transform(filters, grants.begin(), [&](const Filter& filter) {
                return broker_.refuses == filter.pattern ? Roster::kRefused + 7 : 0;
            });
            inbox_.control({.kind = Control::Kind::subscribed, .grants = std::move(grants)});
            return {};
        }
        bool publish_acknowledged(const std::string& topic, std::string_view payload, bool retained,
                                  std::uint64_t number) override {
            if (!broker_.keeps_tick) {
                return FakeClient::publish_acknowledged(topic, payload, retained, number);
            }
            inbox_.control({.kind = Control::Kind::acknowledged, .number = number});
            return true;
        }

      private:
        Inbox& inbox_;
        RefusingBroker& broker_;
    };

    std::unique_ptr<Client> make(Inbox& inbox, const ConnectOptions&) override {
        return std::make_unique<RefusingClient>(inbox, *this);
    }
    std::string refuses;
    bool keeps_tick = false;
};

struct Lines final : LogSink {
    void write(const LogRecord& record) override { texts.emplace_back(record.message); }
    std::deque<std::string> texts;
};

ConnectionSettings settings() {
    ConnectionSettings settings;
    settings.name = "default";
    settings.host = "127.0.0.1";
    settings.client_id = "test";
    settings.reconnect_max = 1ms;
    settings.refusal_delay = 1ms;
    settings.fence = {.period = 10ms, .dead_after = 500ms};
    settings.password = [] { return Result<std::string>(""); };
    return settings;
}

/// A connection with one bus, begun.
template <typename Broker>
struct Begun {
    explicit Begun(const std::function<void(Broker&)>& prepare = [](Broker&) {})
        : connection(loop, broker, settings(), Log(log)) {
        prepare(broker);
        connection.add(bus, {{"car/"}});
        connection.start();
    }
    template <typename Condition>
    void run_until(Condition condition) {
        const TimePoint deadline = BootClock::now() + 30s;
        while (!condition() && BootClock::now() < deadline) {
            loop.run_once(1s);
        }
        ASSERT_TRUE(condition());
    }

    loop::Loop loop;
    Broker broker;
    test::SilentLog log;
    Connection connection;
    Bus bus;
};

TEST(AConnection, SpeaksAsSoonAsItIsCaughtUpWhenItIsNew) {
    Begun<test::FakeClientFactory> begun;
    begun.run_until([&] { return begun.connection.online(); });
    EXPECT_EQ(begun.bus.online, 0);
    EXPECT_FALSE(begun.connection.ready());
    begun.run_until([&] { return begun.bus.online > 0; });
    EXPECT_TRUE(begun.connection.ready());
    EXPECT_EQ(begun.bus.window, 1);
}

TEST(AConnection, ListensAfterAnOutageUntilTheOthersShouldHaveCaughtUpToo) {
    Begun<test::FakeClientFactory> begun;
    begun.run_until([&] { return begun.bus.online == 1; });
    begun.broker.lose();
    begun.run_until([&] { return begun.bus.offline == 1; });
    begun.run_until([&] { return begun.bus.online == 2; });
    begun.run_until([&] { return begun.connection.ready(); });
    EXPECT_GE(BootClock::now(), begun.connection.since() + 250ms);
    begun.run_until([&] { return begun.bus.window == 2; });
}

TEST(AConnection, DoesNotListenForEverToABrokerThatNeverPauses) {
    Begun<BusyBroker> begun;
    begun.run_until([&] { return begun.connection.ready(); });
    EXPECT_EQ(begun.bus.online, 0);
    begun.run_until([&] { return begun.bus.window == 1; });
}

TEST(AConnection, IsNotOnlineForABusWhileItsTickDoesNotComeBack) {
    Begun<RefusingBroker> begun([](RefusingBroker& broker) { broker.keeps_tick = true; });
    begun.run_until([&] { return !begun.connection.problem().empty(); });
    EXPECT_TRUE(begun.connection.online());
    EXPECT_EQ(begun.bus.online, 0);
    EXPECT_TRUE(begun.connection.ready()) << "what the bus says may be heard by others";
    EXPECT_TRUE(begun.connection.problem(begun.bus).ends_with(
        "access list must let this client write and read mqttcan/test/tick"))
        << begun.connection.problem(begun.bus);
    begun.broker.keeps_tick = false;
    begun.run_until([&] { return begun.bus.online == 1; });
    EXPECT_EQ(begun.connection.problem(begun.bus), "");
}

TEST(AConnection, SaysThatItsTickDoesNotComeBackAnyMore) {
    Begun<RefusingBroker> begun;
    begun.run_until([&] { return begun.bus.online == 1; });
    begun.broker.keeps_tick = true;
    begun.run_until([&] { return !begun.connection.problem(begun.bus).empty(); });
    EXPECT_EQ(begun.bus.offline, 0);
    begun.broker.keeps_tick = false;
    begun.run_until([&] { return begun.connection.problem(begun.bus).empty(); });
}

TEST(AConnection, IsOnlineAtOnceForABusThatHearsNothing) {
    Begun<RefusingBroker> begun([](RefusingBroker& broker) { broker.keeps_tick = true; });
    Bus speaker;
    begun.connection.add(speaker, {});
    begun.run_until([&] { return !begun.connection.problem().empty(); });
    EXPECT_EQ(speaker.online, 1);
    EXPECT_EQ(begun.connection.problem(speaker), "");
}

TEST(AConnection, AsksAgainForWhatTheBrokerRefuses) {
    Begun<RefusingBroker> begun([](RefusingBroker& broker) { broker.refuses = "car/+"; });
    begun.run_until([&] { return begun.bus.online == 1; });
    EXPECT_EQ(begun.connection.problem(), "");
    EXPECT_EQ(begun.connection.problem(begun.bus),
              "the broker refuses the subscription to car/+: its access list must let this client read that "
              "topic");
    begun.broker.refuses.clear();
    begun.run_until([&] { return begun.bus.online == 2; });
    EXPECT_EQ(begun.connection.problem(begun.bus), "");
}

TEST(AConnection, ThatIsStoppedWhileItSubscribesDoesNotComeBack) {
    loop::Loop loop;
    SilentBroker broker;
    Lines lines;
    Connection connection(loop, broker, settings(), Log(lines));
    connection.start();
    while (broker.subscribes == 0) {
        loop.run_once(1s);
    }
    bool stopped = false;
    connection.stop([&] { stopped = true; });
    EXPECT_TRUE(stopped);
    bool later = false;
    loop::Timer timer(loop, [&] { later = true; });
    timer.arm(BootClock::now() + 20ms);  // the first retry would come in one
    while (!later) {
        loop.run_once(1s);
    }
    EXPECT_EQ(broker.clients, 1);
    EXPECT_TRUE(lines.texts.empty()) << lines.texts.front();
}

}  // namespace
}  // namespace mqttcan::mqtt
