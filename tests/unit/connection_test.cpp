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

/// A broker with so much to deliver that no two ticks of anybody follow upon each other.
class BusyBroker final : public ClientFactory {
  public:
    class BusyClient final : public Client {
      public:
        explicit BusyClient(Inbox& inbox) : inbox_(inbox), client_(inbox, heard_) {}
        Result<void> connect() override { return client_.connect(); }
        Result<void> subscribe(const std::vector<Filter>& filters) override {
            return client_.subscribe(filters);
        }
        void unsubscribe(const std::string&) override {}
        bool publish_frame(const std::string& topic, std::span<const std::byte> payload,
                           std::uint32_t expiry) override {
            return client_.publish_frame(topic, payload, expiry);
        }
        bool publish_acknowledged(const std::string& topic, std::string_view payload, bool retained,
                                  std::uint64_t number) override {
            inbox_.message("car/1", "", false);
            return client_.publish_acknowledged(topic, payload, retained, number);
        }
        void hasten() override {}
        void disconnect() override { client_.disconnect(); }

      private:
        Inbox& inbox_;
        test::FakeClient::Heard heard_ = [](std::string_view, std::span<const std::byte>) {};
        test::FakeClient client_;
    };

    std::unique_ptr<Client> make(Inbox& inbox, const ConnectOptions&) override {
        return std::make_unique<BusyClient>(inbox);
    }
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
    settings.password = [] { return Result<std::string>(""); };
    return settings;
}

/// A connection with one bus, begun.
template <typename Broker>
struct Begun {
    Begun() : connection(loop, broker, settings(), Log(log)) {
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
