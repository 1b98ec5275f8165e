// SPDX-License-Identifier: MIT
// A connection that is online, and what its broker says of the buses of others and of their hosts.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/text.hpp"
#include "daemon/bridge/hosts.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/silent_log.hpp"

namespace mqttcan::test {

class AmongOthers : public testing::Test {
  protected:
    AmongOthers() : connection_(loop_, broker_, settings(), Log(log_)) {
        connection_.start();
        run_until([&] { return connection_.online(); });
    }

    static mqtt::ConnectionSettings settings() {
        mqtt::ConnectionSettings settings;
        settings.name = "default";
        settings.host = "127.0.0.1";
        settings.client_id = "me";
        settings.password = [] { return Result<std::string>(""); };
        return settings;
    }

    template <typename Condition>
    void run_until(Condition condition) {
        const TimePoint deadline = BootClock::now() + std::chrono::seconds(30);
        while (!condition() && BootClock::now() < deadline) {
            loop_.run_once(std::chrono::milliseconds(10));
        }
        ASSERT_TRUE(condition());
    }
    void bus(const std::string& of, const std::string& state, const std::string& session = "1",
             const std::string& connection = "") {
        broker_.publish_retained("car/mqttcan/status/" + of,
                                 text(R"({"state": ")", state, R"(", "session": ")", session,
                                      R"(", "connection": ")", connection, R"("})"));
    }
    void host(const std::string& topic, const std::string& state, const std::string& session) {
        broker_.publish_retained(topic,
                                 text(R"({"state": ")", state, R"(", "session": ")", session, R"("})"));
    }

    SilentLog log_;
    loop::Loop loop_;
    FakeClientFactory broker_;
    mqtt::Connection connection_;
    bridge::Hosts hosts_{loop_, connection_};
};

}  // namespace mqttcan::test
