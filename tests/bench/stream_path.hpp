// SPDX-License-Identifier: MIT
// The way of frames in format `stream` through our own code, both ways, with all that belongs to a bus and to
// a connection: only the kernel and the MQTT library are missing. For micro_benchmark and allocations_test.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/bridge/intake.hpp"
#include "daemon/bridge/publisher.hpp"
#include "daemon/bridge/writer.hpp"
#include "daemon/mqtt/connection.hpp"
#include "tests/support/fake_client.hpp"

namespace mqttcan::bench {

class StreamPath final : mqtt::Subscriber, LogSink, can::Sender {
  public:
    StreamPath()
        : connection_(loop_, factory_, settings(), Log(*this)),
          publisher_(loop_, connection_, *this, bus_, counters_, [] {}),
          writer_(loop_, bus_.to_bus, counters_.to_bus, hooks()),
          intake_(bus_, "bench", counters_.to_bus, publisher_, writer_, 0, Log(*this)) {
        factory_.heard = [this](std::string_view, std::span<const std::byte> message) {
            if (message.size() > codec::stream::kHeaderLength) {  // no heartbeat
                ++messages;
                last_.assign(message.begin(), message.end());
            }
        };
        writer_.open(*this, bridge::Proof::none, false);
        intake_.open(Log(*this), false);
        connection_.add(*this, bridge::subscriptions(bus_));
        connection_.start();
        while (!online_) {
            loop_.run_once(std::chrono::seconds(1));
        }
    }
    ~StreamPath() { connection_.remove(*this); }
    StreamPath(const StreamPath&) = delete;
    StreamPath& operator=(const StreamPath&) = delete;

    /// Frames that came from the bus leave as messages; what the connection has to do because of it is done.
    void publish(std::span<can::Frame> frames) {
        for (can::Frame& frame : frames) {
            frame.arrived = BootClock::now();
            publisher_.push(frame);
        }
        publisher_.publish();
        settle();
    }
    /// A message like the last one that left, from another sender, arrives and is written to the bus.
    void deliver() {
        std::span<std::byte> message(last_);
        const std::uint64_t sequence = written_before_;
        for (std::size_t i = 0; i < sizeof sequence; ++i) {
            message[12 + i] = static_cast<std::byte>(sequence >> (8 * i));
        }
        const std::uint64_t before = written;
        factory_.publish("bench/mqttcan/tx/another", message);
        while (written == before) {
            loop_.run_once(std::chrono::seconds(1));
        }
        written_before_ += written - before;
    }

    std::uint64_t messages = 0;
    std::uint64_t written = 0;

  private:
    static mqtt::ConnectionSettings settings() {
        mqtt::ConnectionSettings settings;
        settings.name = "default";
        settings.host = "127.0.0.1";
        settings.client_id = "bench";
        settings.password = [] { return Result<std::string>(""); };
        return settings;
    }
    static config::Bus make_bus() {
        config::Bus bus{.name = EntryName::parse("bench").value(),
                        .broker = EntryName::parse("default").value(),
                        .topic = Topic::parse("bench").value()};
        bus.role = config::Role::server;
        bus.formats = {config::Format::stream};
        bus.to_bus.max_age = bus.from_bus.max_age = std::chrono::hours(1);
        return bus;
    }
    static bridge::Writer::Owner hooks() {
        return {.listen = [] {},
                .sent = [](std::span<const can::Frame>) {},
                .refused = [](int, const can::Frame&) {},
                .stalled = [](std::uint64_t, bool) {},
                .recovered = [](Duration, std::uint64_t) {}};
    }
    /// Until the tick that the messages brought about has been acknowledged, if there was one.
    void settle() {
        while (connection_.acknowledged_tick() + 1 < connection_.covering_tick()) {
            loop_.run_once(std::chrono::seconds(1));
        }
    }

    void on_online() override {
        online_ = true;
        publisher_.on_online();
    }
    void on_offline(std::uint64_t) override {}
    void on_message(const mqtt::Message& message) override { intake_.take(message); }
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override { writer_.write(); }
    void on_window() override { publisher_.publish(); }
    void write(const LogRecord&) override {}
    can::Sent send(std::span<const can::Frame> frames) override {
        written += frames.size();
        return {.sent = frames.size()};
    }
    std::size_t unsent_bytes() const override { return 0; }

    loop::Loop loop_;
    test::FakeClientFactory factory_;
    config::Bus bus_ = make_bus();
    codec::BusCounters counters_;
    mqtt::Connection connection_;
    bridge::Publisher publisher_;
    bridge::Writer writer_;
    bridge::Intake intake_;
    std::vector<std::byte> last_;  ///< message that left
    std::uint64_t written_before_ = 0;
    bool online_ = false;
};

}  // namespace mqttcan::bench
