// SPDX-License-Identifier: MIT
#include "daemon/mqtt/connection.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "tests/support/fake_client.hpp"

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

struct Lines final : LogSink {
    void write(const LogRecord& record) override { texts.emplace_back(record.message); }
    std::deque<std::string> texts;
};

TEST(AConnection, ThatIsStoppedWhileItSubscribesDoesNotComeBack) {
    loop::Loop loop;
    SilentBroker broker;
    Lines lines;
    ConnectionSettings settings;
    settings.name = "default";
    settings.host = "127.0.0.1";
    settings.client_id = "test";
    settings.reconnect_max = 1ms;
    settings.password = [] { return Result<std::string>(""); };
    Connection connection(loop, broker, settings, Log(lines));
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
