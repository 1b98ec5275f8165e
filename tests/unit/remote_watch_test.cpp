// SPDX-License-Identifier: MIT
#include "daemon/bridge/remote_watch.hpp"

#include "tests/support/among_others.hpp"

namespace mqttcan::bridge {
namespace {

class ARemoteWatch : public test::AmongOthers {
  protected:
    ARemoteWatch() { begin(); }
    void begin(bool reachable = false) {
        watch_.emplace(loop_, connection_, hosts_, *Topic::parse("car"), reachable,
                       RemoteWatch::Owner{.reachable = [this](bool is) { told_.push_back(is); },
                                          .says = [](const auto&) {}});
        connection_.subscribe_new();
    }
    void wait_told(const std::vector<bool>& wanted) {
        run_until([&] { return told_.size() >= wanted.size(); });
        EXPECT_EQ(told_, wanted);
    }

    std::vector<bool> told_;
    std::optional<RemoteWatch> watch_;
};

TEST_F(ARemoteWatch, BelievesInAServerThatSaysNothing) {
    wait_told({true});
    EXPECT_EQ(watch_->state(), "");
}

TEST_F(ARemoteWatch, TakesAServerAtItsWord) {
    bus("server", "waiting");
    run_until([&] { return watch_->state() == "waiting"; });
    bus("server", "online");
    wait_told({true});
    bus("server", "offline");
    wait_told({true, false});
    EXPECT_EQ(watch_->state(), "offline");
}

TEST_F(ARemoteWatch, BelievesTheHostOfAServerThatDiedWithoutAWord) {
    bus("server", "online", "1", "mqttcan/gate/status");
    host("mqttcan/gate/status", "online", "1");
    wait_told({true});
    host("mqttcan/gate/status", "offline", "1");
    wait_told({true, false});
    EXPECT_EQ(watch_->state(), "offline");
    host("mqttcan/gate/status", "online", "2");  // again; its bus has not said so
    bus("server", "online", "2", "mqttcan/gate/status");
    wait_told({true, false, true});
    EXPECT_EQ(watch_->state(), "online");
}

TEST_F(ARemoteWatch, WaitsForTheHostsWordBeforeItBelievesAServer) {
    bus("server", "waiting");
    run_until([&] { return connection_.ready() && watch_->state() == "waiting"; });
    bus("server", "online", "1", "mqttcan/gate/status");
    run_until([&] { return watch_->state() == "online"; });
    EXPECT_EQ(told_, std::vector<bool>{});
    wait_told({true});  // the broker has none
}

TEST_F(ARemoteWatch, FollowsAServerThatMoves) {
    bus("server", "online", "1", "mqttcan/gate/status");
    wait_told({true});
    bus("server", "online", "5", "mqttcan/door/status");
    run_until([&] { return connection_.listens_below("mqttcan/door/"); });
    EXPECT_FALSE(connection_.listens_below("mqttcan/gate/"));
    host("mqttcan/door/status", "offline", "5");
    wait_told({true, false});
}

TEST_F(ARemoteWatch, SharesTheWordOfAHostWithOthers) {
    std::vector<bool> others;
    RemoteWatch other(loop_, connection_, hosts_, *Topic::parse("truck"), false,
                      {.reachable = [&](bool is) { others.push_back(is); }, .says = [](const auto&) {}});
    connection_.subscribe_new();
    bus("server", "online", "1", "mqttcan/gate/status");
    broker_.publish_retained("truck/mqttcan/status/server",
                             R"({"state": "online", "session": "1", "connection": "mqttcan/gate/status"})");
    wait_told({true});
    run_until([&] { return others == std::vector{true}; });
    host("mqttcan/gate/status", "offline", "1");
    wait_told({true, false});
    run_until([&] { return others == (std::vector{true, false}); });
    watch_.reset();
    EXPECT_TRUE(connection_.listens_below("mqttcan/gate/"));
}

TEST_F(ARemoteWatch, CannotReachAServerWithoutABroker) {
    wait_told({true});
    broker_.lose();
    wait_told({true, false});
    wait_told({true, false, true});
}

}  // namespace
}  // namespace mqttcan::bridge
