// SPDX-License-Identifier: MIT
// Connection and PahoClient against a real mosquitto. Needs no CAN, so it runs on the host, also under the
// address and thread sanitizers.
#include "daemon/mqtt/connection.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <list>

#include "daemon/mqtt/paho_client.hpp"
#include "tests/support/mosquitto.hpp"

namespace mqttcan::mqtt {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RecordingLog final : public LogSink {
  public:
    void write(const LogRecord& record) override { lines.emplace_back(record.message); }
    std::vector<std::string> lines;
};

class Listener final : public Subscriber {
  public:
    void on_online() override { ++online; }
    void on_offline(std::uint64_t) override { ++offline; }
    void on_message(const Message& message) override {
        const auto* const words = reinterpret_cast<const char*>(message.payload.data());
        heard.push_back(text(message.level, '=', std::string_view(words, message.payload.size()),
                             message.retained ? " retained" : ""));
        const Duration age = BootClock::now() - message.fresh_since;
        oldest = std::max(oldest, age);
        believed += age < 1h ? 1 : 0;
    }
    void on_overflow(std::uint64_t count) override { overflow += count; }
    void on_batch_end() override { ++batches; }
    void on_window() override { ++windows; }

    int online = 0;
    int offline = 0;
    int batches = 0;
    int windows = 0;
    std::uint64_t overflow = 0;
    Duration oldest{};
    int believed = 0;  ///< messages that may be fresh
    std::vector<std::string> heard;
};

/// Publishes whenever it may, and as much as it may.
class Greedy final : public Subscriber {
  public:
    Greedy(Connection& connection, std::string topic) : connection_(connection), topic_(std::move(topic)) {}
    void on_online() override { on_window(); }
    void on_offline(std::uint64_t) override {}
    void on_message(const Message&) override {}
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override {}
    void on_window() override {
        while (connection_.publish(topic_, {})) {
            ++sent;
        }
    }

    std::size_t sent = 0;

  private:
    Connection& connection_;
    std::string topic_;
};

/// A client that cares for nothing: MQTT 3.1.1 by hand, without flow control.
class Stranger {
  public:
    explicit Stranger(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const sockaddr_in address = test::loopback(port);
        std::array<char, 4> connack{};
        if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            !send(packet('\x10', std::string("\0\4MQTT\4\2\0\0\0\1x", 13))) ||
            ::recv(fd_.get(), connack.data(), connack.size(), MSG_WAITALL) != 4 || connack[3] != 0) {
            throw std::runtime_error("connecting to the broker");
        }
    }
    void publish(const std::string& topic, const std::string& payload) {
        if (!send(publication(topic, payload))) {
            throw std::runtime_error("publishing");
        }
    }
    /// As much as the sockets hold of whole messages. Returns how many.
    std::size_t publish_without_end(const std::string& topic, const std::string& payload) {
        const std::string message = publication(topic, payload);
        std::size_t bytes = 0;
        for (ssize_t sent = 0; (sent = ::send(fd_.get(), message.data() + bytes % message.size(),
                                              message.size() - bytes % message.size(), MSG_DONTWAIT)) > 0;) {
            bytes += static_cast<std::size_t>(sent);
        }
        rest_ = bytes % message.size() == 0 ? "" : message.substr(bytes % message.size());
        return bytes / message.size();
    }

  private:
    static std::string packet(char type, const std::string& body) {
        return std::string{type, static_cast<char>(body.size())} + body;  // short ones only
    }
    static std::string publication(const std::string& topic, const std::string& payload) {
        return packet('\x30', std::string{'\0', static_cast<char>(topic.size())} + topic + payload);
    }
    bool send(const std::string& bytes) {
        const std::string all = std::exchange(rest_, "") + bytes;
        return ::send(fd_.get(), all.data(), all.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(all.size());
    }

    UniqueFd fd_;
    std::string rest_;  ///< of a message that did not fit
};

class ConnectionTest : public testing::Test {
  protected:
    ConnectionSettings settings(const test::Mosquitto& broker) {
        ConnectionSettings result;
        result.name = "default";
        result.host = "127.0.0.1";
        result.port = broker.port();
        result.client_id = "mqttcan-test-" + std::to_string(++clients_);
        result.password = [] { return Result<std::string>(""); };
        result.fence = {.returning = true, .period = 100ms, .dead_after = 1s};
        return result;
    }
    Connection& connect(ConnectionSettings wanted, const std::vector<Subscription>& subscriptions = {}) {
        Connection& connection = connections_.emplace_back(loop_, factory_, std::move(wanted), Log(log_));
        connection.add(listener_, subscriptions);
        connection.start();
        return connection;
    }
    /// Runs the loop until `done` or a deadline that no healthy run comes near.
    bool wait(const std::function<bool()>& done) {
        const TimePoint deadline = BootClock::now() + 30s;
        while (!done() && BootClock::now() < deadline) {
            loop_.run_once(100ms);
        }
        return done();
    }
    static std::span<const std::byte> bytes(std::string_view words) {
        return std::as_bytes(std::span(words));
    }

    RecordingLog log_;
    PahoFactory factory_;
    loop::Loop loop_;
    Listener listener_;
    std::list<Connection> connections_;
    int clients_ = 0;
};

TEST_F(ConnectionTest, HearsWhatItPublishesOnItsOwnTopicExactlyOnce) {
    test::Mosquitto broker;
    Connection& connection = connect(settings(broker), {{"can/"}});
    ASSERT_TRUE(wait([&] { return connection.ready(); }));
    EXPECT_TRUE(connection.publish("can/291", bytes("a")));
    EXPECT_TRUE(connection.publish("can/s/1", bytes("not ours")));
    EXPECT_TRUE(connection.publish("can/292", bytes("b")));
    ASSERT_TRUE(wait([&] { return listener_.heard.size() == 2; }));
    EXPECT_THAT(listener_.heard, ElementsAre("291=a", "292=b"));
}

TEST_F(ConnectionTest, BoundsTheAgeOfWhatItHearsByItsTick) {
    test::Mosquitto broker;
    Connection& connection = connect(settings(broker), {{"can/"}});
    ASSERT_TRUE(wait([&] { return listener_.online > 0 && connection.acknowledged_tick() >= 12; }));
    ASSERT_TRUE(connection.publish("can/1", bytes("now")));
    ASSERT_TRUE(wait([&] { return !listener_.heard.empty(); }));
    // Younger than the session: so ticks have come back since.
    EXPECT_LT(listener_.oldest, 400ms);
}

TEST_F(ConnectionTest, DeliversAFloodCompleteAndInOrderThroughItsWindow) {
    test::Mosquitto broker;
    ConnectionSettings patient = settings(broker);
    patient.fence.dead_after = 1h;  // a slow machine, or a sanitizer, is no dead line
    Connection& connection = connect(patient, {{"can/"}});
    ASSERT_TRUE(wait([&] { return connection.ready(); }));
    constexpr std::size_t kMessages = 20'000;
    std::size_t sent = 0;
    ASSERT_TRUE(wait([&] {
        while (sent < kMessages && connection.publish("can/1", bytes(std::to_string(sent)))) {
            ++sent;
        }
        return listener_.heard.size() == kMessages;
    })) << listener_.heard.size()
        << testing::PrintToString(log_.lines);
    for (std::size_t i = 0; i < kMessages; ++i) {
        ASSERT_EQ(listener_.heard[i], "1=" + std::to_string(i));
    }
    EXPECT_GT(listener_.windows, 1) << "the window never closed: the test is too small";
}

TEST_F(ConnectionTest, LetsNoSubscriberHaveAllOfItsWindow) {
    test::Mosquitto broker;
    ConnectionSettings patient = settings(broker);
    patient.fence.dead_after = 1h;
    Connection& connection = connections_.emplace_back(loop_, factory_, std::move(patient), Log(log_));
    std::list<Greedy> greedy;
    for (const char* const topic : {"can/1", "can/2", "can/3"}) {
        connection.add(greedy.emplace_back(connection, topic), {});
    }
    connection.start();
    const auto least = [&] { return std::ranges::min_element(greedy, {}, &Greedy::sent)->sent; };
    ASSERT_TRUE(wait([&] { return least() >= 10'000; })) << least();
    EXPECT_LT(std::ranges::max_element(greedy, {}, &Greedy::sent)->sent, 4 * least());
    for (Greedy& one : greedy) {
        connection.remove(one);
    }
}

TEST_F(ConnectionTest, WaitsForABrokerThatIsNotThereYet) {
    test::Mosquitto broker;
    broker.kill();
    Connection& connection = connect(settings(broker));
    ASSERT_TRUE(wait([&] { return !log_.lines.empty(); }));
    EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("connection refused by 127.0.0.1")));
    broker.start();
    ASSERT_TRUE(wait([&] { return connection.ready(); }));
    EXPECT_THAT(log_.lines.back(), HasSubstr("connected (MQTT 5) after "));
}

TEST_F(ConnectionTest, ComesBackAndSubscribesAgainAfterTheBrokerWasKilled) {
    test::Mosquitto broker;
    Connection& connection = connect(settings(broker), {{"can/"}});
    for (int round = 1; round <= 3; ++round) {
        ASSERT_TRUE(wait([&] { return connection.ready(); }));
        broker.kill();
        ASSERT_TRUE(wait([&] { return !connection.online(); }));
        EXPECT_FALSE(connection.publish("can/1", bytes("lost")));
        EXPECT_EQ(listener_.offline, round);
        broker.start();
    }
    ASSERT_TRUE(wait([&] { return connection.ready(); }));
    EXPECT_TRUE(connection.publish("can/1", bytes("back")));
    ASSERT_TRUE(wait([&] { return !listener_.heard.empty(); }));
    EXPECT_THAT(listener_.heard, ElementsAre("1=back"));
}

/// Threads that Paho made.
std::vector<std::string> paho_threads() {
    std::vector<std::string> found;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        if (name.starts_with("MQTTAsync")) {
            found.push_back(text(name, ' ', task.path().filename().string()));
        }
    }
    std::ranges::sort(found);
    return found;
}

// Paho ends its threads with its last client, and waits for that in the caller's.
TEST_F(ConnectionTest, KeepsPahosThreadsWhenItsOnlyConnectionIsLost) {
    test::Mosquitto broker;
    Connection& connection = connect(settings(broker));
    ASSERT_TRUE(wait([&] { return connection.ready(); }));
    const auto before = paho_threads();
    EXPECT_EQ(before.size(), 2);
    broker.kill();
    ASSERT_TRUE(wait([&] { return log_.lines.back().contains("connection refused"); }));
    broker.start();
    ASSERT_TRUE(wait([&] { return connection.ready(); }));
    EXPECT_EQ(paho_threads(), before);
}

TEST_F(ConnectionTest, ResetsALineOnWhichItsTickIsNotAnswered) {
    test::Mosquitto broker;
    Connection& connection = connect(settings(broker), {{"can/"}});
    ASSERT_TRUE(wait([&] { return connection.ready(); }));
    broker.freeze();
    while (connection.publish("can/1", bytes("into the ice"))) {
    }
    EXPECT_FALSE(connection.ready()) << "the window must have closed";
    ASSERT_TRUE(wait([&] { return !connection.online(); }));
    EXPECT_THAT(log_.lines.back(), HasSubstr("has not answered for 1.0 s"));
    broker.thaw();
    ASSERT_TRUE(wait([&] { return connection.ready(); }));
}

TEST_F(ConnectionTest, BelievesNothingOfWhatABrokerReceivedWhileItStoodStill) {
    test::Mosquitto broker;
    Stranger stranger(broker.port());
    broker.freeze();
    const std::size_t backlog = stranger.publish_without_end("can/1", "old");
    // A connection that is begun the moment before the broker goes on: nothing tells how long it stood still.
    connect(settings(broker), {{"can/"}});
    ASSERT_TRUE(wait([&] { return broker.has_client_waiting(); }));
    broker.thaw();
    stranger.publish("can/1", "old");
    ASSERT_TRUE(wait([&] { return listener_.online == 1; }));
    EXPECT_EQ(listener_.believed, 0) << "of " << backlog;
    stranger.publish("can/1", "new");
    ASSERT_TRUE(wait([&] { return listener_.believed > 0; }));
    EXPECT_EQ(listener_.believed, 1);
    EXPECT_EQ(listener_.heard.back(), "1=new");
    EXPECT_GT(listener_.heard.size(), 1U) << "there was no backlog: the test is too small";
}

TEST_F(ConnectionTest, FlagsRetainedMessagesUnderMqtt311AndNeverGetsThemUnderMqtt5) {
    test::Mosquitto broker;
    Connection& writer = connect(settings(broker));
    ASSERT_TRUE(wait([&] { return writer.ready(); }));
    writer.publish_retained("can/1", "old");
    Connection& reader = connect(settings(broker), {{"can/"}});
    ASSERT_TRUE(wait([&] { return reader.ready(); }));
    ASSERT_TRUE(reader.publish("can/2", bytes("new")));
    ASSERT_TRUE(wait([&] { return !listener_.heard.empty(); }));
    EXPECT_THAT(listener_.heard, ElementsAre("2=new"));
}

TEST_F(ConnectionTest, TakesInASubscriberWhileTheOthersGoOnListening) {
    test::Mosquitto broker;
    ConnectionSettings wanted = settings(broker);
    wanted.fence.returning = false;  // the newcomer alone needs the tick
    Connection& connection = connect(wanted, {{"can/"}});
    ASSERT_TRUE(wait([&] { return connection.ready(); }));
    Listener newcomer;
    connection.add(newcomer, {{"bench/"}});
    wanted.fence.returning = true;
    connection.refresh(wanted.fence, 2);
    ASSERT_TRUE(wait([&] { return newcomer.online == 1; }));
    EXPECT_TRUE(connection.publish("can/1", bytes("a")));
    EXPECT_TRUE(connection.publish("bench/2", bytes("b")));
    ASSERT_TRUE(wait([&] { return !newcomer.heard.empty() && !listener_.heard.empty(); }));
    EXPECT_THAT(newcomer.heard, ElementsAre("2=b"));
    EXPECT_THAT(listener_.heard, ElementsAre("1=a"));
    EXPECT_EQ(listener_.online, 1);
    EXPECT_EQ(listener_.offline, 0);
    const auto ticks = connection.acknowledged_tick();
    EXPECT_TRUE(wait([&] { return connection.acknowledged_tick() >= ticks + 3; }));

    broker.kill();
    ASSERT_TRUE(wait([&] { return listener_.offline == 1 && newcomer.offline == 1; }));
    broker.start();
    ASSERT_TRUE(wait([&] { return listener_.online == 2 && newcomer.online == 2; }));
}

TEST_F(ConnectionTest, LetsASubscriberGoWhileTheOthersGoOnListening) {
    test::Mosquitto broker;
    Connection& connection = connect(settings(broker), {{"can/"}});
    {
        Listener leaver;
        connection.add(leaver, {{"bench/"}});
        ASSERT_TRUE(wait([&] { return leaver.online == 1; }));
        ASSERT_TRUE(connection.publish("bench/1", bytes("too late to hear")));
        connection.remove(leaver);
        connection.refresh({.returning = true, .period = 100ms, .dead_after = 1s}, 2);
        EXPECT_TRUE(leaver.heard.empty());
    }
    ASSERT_TRUE(connection.publish("bench/2", bytes("nobody")));
    ASSERT_TRUE(connection.publish("can/1", bytes("a")));
    ASSERT_TRUE(wait([&] { return !listener_.heard.empty(); }));
    EXPECT_THAT(listener_.heard, ElementsAre("1=a"));
    EXPECT_EQ(listener_.offline, 0);
}

TEST_F(ConnectionTest, BringsRetainedMessagesToThoseWhoWantThem) {
    test::Mosquitto broker;
    Connection& first = connect(settings(broker));
    ASSERT_TRUE(wait([&] { return first.online(); }));
    first.publish_retained("can/status/server", "online");
    Listener second;
    Connection& connection = connections_.emplace_back(loop_, factory_, settings(broker), Log(log_));
    connection.add(second, {{"can/status/", false, true}});
    connection.start();
    ASSERT_TRUE(wait([&] { return !second.heard.empty(); }));
    EXPECT_THAT(second.heard, ElementsAre("server=online retained"));
}

TEST_F(ConnectionTest, NamesAWrongPassword) {
    test::Mosquitto broker("allow_anonymous false\n");
    connect(settings(broker));
    ASSERT_TRUE(wait([&] { return !log_.lines.empty(); }));
    EXPECT_THAT(log_.lines,
                Contains(AnyOf(HasSubstr("not authorized"), HasSubstr("wrong user name or password"))));
}

TEST_F(ConnectionTest, NamesADuplicateClientId) {
    test::Mosquitto broker;
    ConnectionSettings one = settings(broker);
    ConnectionSettings other = settings(broker);
    other.client_id = one.client_id;
    Connection& first = connect(one);
    ASSERT_TRUE(wait([&] { return first.online(); }));
    connect(other);
    const auto named = [&] {
        return std::ranges::any_of(log_.lines, [](const std::string& line) {
            return line.find("another client") != std::string::npos &&
                   line.find("client_id") != std::string::npos;
        });
    };
    EXPECT_TRUE(wait(named)) << testing::PrintToString(log_.lines);
}

TEST_F(ConnectionTest, SaysWhyAPasswordFileCannotBeRead) {
    test::Mosquitto broker;
    ConnectionSettings unreadable = settings(broker);
    unreadable.password = [] { return Result<std::string>(fail_errno(EACCES, "reading password file /x")); };
    connect(unreadable);
    EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("reading password file /x: Permission denied")));
}

TEST_F(ConnectionTest, MakesSeveralConnectionsToOneBrokerOneAfterTheOther) {
    test::Mosquitto broker;
    for (int i = 0; i < 5; ++i) {
        connect(settings(broker));
    }
    EXPECT_TRUE(wait([&] { return std::ranges::all_of(connections_, &Connection::online); }));
}

TEST_F(ConnectionTest, UsesNoLocalOnlyAfterATestShowedThatItWorks) {
    test::Mosquitto broker;
    ConnectionSettings careful = settings(broker);
    careful.self_test_no_local = true;
    Connection& connection = connect(careful, {{"can/", true}});
    Connection& other = connect(settings(broker));
    ASSERT_TRUE(wait([&] { return connection.ready() && other.ready(); }));
    ASSERT_TRUE(connection.publish("can/1", bytes("own")));
    ASSERT_TRUE(other.publish("can/2", bytes("foreign")));
    ASSERT_TRUE(wait([&] { return !listener_.heard.empty(); }));
    EXPECT_THAT(listener_.heard, ElementsAre("2=foreign"));
}

TEST_F(ConnectionTest, RefusesNoLocalIfItsTestCannotBeHeard) {
    test::Folder folder;
    std::ofstream(folder / "acl") << "topic readwrite mqttcan/mqttcan-test-1/tick\n";
    test::Mosquitto broker("allow_anonymous true\nacl_file " + (folder / "acl") + "\n");
    ConnectionSettings careful = settings(broker);
    careful.self_test_no_local = true;
    Connection& connection = connect(careful, {{"can/", true}});
    ASSERT_TRUE(wait([&] { return !log_.lines.empty(); }));
    EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("whether this broker honours No Local cannot be tested")));
    EXPECT_FALSE(connection.online());
}

TEST_F(ConnectionTest, StopsEvenIfTheBrokerIsFrozen) {
    test::Mosquitto broker;
    Connection& connection = connect(settings(broker));
    ASSERT_TRUE(wait([&] { return connection.ready(); }));
    broker.freeze();
    // One tick stays unanswered, and is too old just when the goodbye is waited for.
    const TimePoint frozen = BootClock::now();
    ASSERT_TRUE(wait([&] { return BootClock::now() - frozen > 600ms; }));
    ASSERT_TRUE(connection.online());
    bool stopped = false;
    connection.stop([&] { stopped = true; });
    EXPECT_TRUE(wait([&] { return stopped; }));
    broker.thaw();
}

TEST_F(ConnectionTest, SaysGoodbyeSoThatItsWillIsNotPublished) {
    test::Mosquitto broker;
    ConnectionSettings with_will = settings(broker);
    with_will.will = {"will/1", "offline"};
    with_will.birth = "online";
    with_will.farewell = "goodbye";
    Connection& watching = connect(settings(broker), {{"will/"}});
    ASSERT_TRUE(wait([&] { return watching.ready(); }));
    Connection& leaving = connect(with_will);
    ASSERT_TRUE(wait([&] { return !listener_.heard.empty(); }));
    EXPECT_THAT(listener_.heard, ElementsAre("1=online"));
    listener_.heard.clear();
    bool stopped = false;
    leaving.stop([&] { stopped = true; });
    ASSERT_TRUE(wait([&] { return stopped; }));
    ASSERT_TRUE(watching.publish("will/2", bytes("fence")));
    ASSERT_TRUE(wait([&] { return listener_.heard.size() >= 2; }));
    EXPECT_THAT(listener_.heard, ElementsAre("1=goodbye", "2=fence"));
}

}  // namespace
}  // namespace mqttcan::mqtt
