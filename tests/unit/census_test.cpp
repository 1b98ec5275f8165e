// SPDX-License-Identifier: MIT
#include "daemon/bridge/census.hpp"

#include "tests/support/among_others.hpp"

namespace mqttcan::bridge {
namespace {

class CensusTest : public test::AmongOthers {
  protected:
    CensusTest() {
        census_.emplace(connection_, hosts_, *Topic::parse("car"), "car/mqttcan/status/client/me");
    }
    void wait_count(std::size_t wanted, const std::optional<codec::RemoteStatus>& server = std::nullopt) {
        run_until([&] { return census_->online(server) == wanted; });
    }

    std::optional<Census> census_;
};

TEST_F(CensusTest, KnowsNothingUntilTheBrokerHasTold) {
    EXPECT_EQ(census_->online({}), std::nullopt);
    wait_count(0);
}

TEST_F(CensusTest, CountsTheOthersThatAreOnline) {
    bus("client/me", "online");
    bus("client/a", "online");
    bus("client/b", "waiting");
    bus("peer/c", "online");
    wait_count(2);
    bus("client/b", "online");
    wait_count(3);
    broker_.publish_retained("car/mqttcan/status/client/a", "");
    bus("peer/c", "offline");
    wait_count(1);
}

TEST_F(CensusTest, CountsTheServerThatItIsToldOf) {
    wait_count(1, codec::RemoteStatus{.state = "online"});
    wait_count(0, codec::RemoteStatus{.state = "waiting"});
}

TEST_F(CensusTest, DoesNotCountWhoseConnectionIsGone) {
    bus("client/a", "online", "1", "mqttcan/a/status");
    bus("client/b", "online", "2", "mqttcan/b/status");
    bus("client/c", "online", "3", "mqttcan/c/status");
    bus("client/d", "online", "4", "somewhere/else");
    wait_count(4);  // nobody denies it
    host("mqttcan/a/status", "online", "1");
    host("mqttcan/b/status", "offline", "2");
    host("mqttcan/c/status", "online", "33");  // started again, and its bus has said nothing yet
    wait_count(2);
    host("mqttcan/b/status", "online", "2");
    wait_count(3);
}

TEST_F(CensusTest, BeginsAnewWithEachConnection) {
    bus("client/a", "online", "1", "mqttcan/a/status");
    host("mqttcan/a/status", "online", "1");
    wait_count(1);
    broker_.lose();
    run_until([&] { return !connection_.online(); });
    EXPECT_EQ(census_->online({}), std::nullopt);
    wait_count(0);
}

TEST_F(CensusTest, FollowsABoundedNumberOfConnections) {
    const auto connection = [](std::size_t i) { return text("mqttcan/c", i, "/status"); };
    for (std::size_t i = 0; i < Census::kMost; ++i) {
        bus(text("client/", i), "online", "1", connection(i));
    }
    wait_count(Census::kMost);
    EXPECT_TRUE(connection_.listens_below("mqttcan/c0/"));
    bus("client/0", "online", "1", connection(Census::kMost));
    bus("client/1", "waiting");
    wait_count(Census::kMost - 1);
    EXPECT_FALSE(connection_.listens_below(text("mqttcan/c", Census::kMost, '/')));
}

TEST_F(CensusTest, IgnoresWhatIsNoStatus) {
    broker_.publish_retained("car/mqttcan/status/client/a", "[1, 2]");
    broker_.publish_retained("car/mqttcan/status/client/b", "{");
    bus("client/c", "online", "1", "mqttcan/+/status");
    bus("client/d", "online", "1", "mqttcan/me/status");
    wait_count(2);
}

}  // namespace
}  // namespace mqttcan::bridge
