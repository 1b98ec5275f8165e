// SPDX-License-Identifier: MIT
#include "daemon/mqtt/roster.hpp"

#include <gtest/gtest.h>

#include <array>

namespace mqttcan::mqtt {
namespace {

struct Nobody final : Subscriber {
    void on_online() override {}
    void on_offline(std::uint64_t) override {}
    void on_message(const Message&) override {}
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override {}
    void on_window() override {}
};

std::vector<std::string> patterns(const std::optional<std::vector<Filter>>& filters) {
    std::vector<std::string> list;
    for (const Filter& filter : filters.value_or(std::vector<Filter>())) {
        list.push_back(filter.pattern);
    }
    return list;
}

using Patterns = std::vector<std::string>;
constexpr std::array kGranted{0};
constexpr std::array kDenied{0x87};

struct ARoster : testing::Test {
    Roster roster;
    Nobody bus;
    Nobody other;
};

TEST_F(ARoster, AsksOnceForWhatIsWanted) {
    roster.add(bus, {{"car/"}, {.prefix = "truck/", .level = "status"}});
    EXPECT_EQ(patterns(roster.ask()), (Patterns{"car/+", "truck/status"}));
    EXPECT_FALSE(roster.ask());
    roster.add(other, {{"bike/"}});
    EXPECT_EQ(patterns(roster.ask()), Patterns{"bike/+"});
    roster.end_session();
    EXPECT_EQ(patterns(roster.ask()), (Patterns{"car/+", "truck/status", "bike/+"}));
}

TEST_F(ARoster, AnnouncesWhoWantsNothingToo) {
    roster.add(bus, {});
    EXPECT_EQ(patterns(roster.ask()), Patterns{});
    EXPECT_EQ(roster.join(0, false), &bus);
    EXPECT_FALSE(roster.ask());
}

TEST_F(ARoster, LetsJoinWhoWasAnsweredAndCanBelieveOnce) {
    roster.add(bus, {{"car/"}});
    EXPECT_EQ(roster.join(0, true), nullptr) << "not asked";
    roster.ask();
    EXPECT_EQ(roster.join(0, true), nullptr) << "not answered";
    roster.answered(kGranted);
    EXPECT_EQ(roster.join(0, false), nullptr) << "not believed";
    EXPECT_EQ(roster.join(0, true), &bus);
    EXPECT_EQ(roster.join(0, true), nullptr) << "joined before";
    roster.end_session();
    EXPECT_EQ(roster.join(0, true), nullptr) << "another session";
}

TEST_F(ARoster, TellsARefusalOnceAndWhenItIsOver) {
    roster.add(bus, {{"car/"}});
    roster.ask();
    EXPECT_EQ(roster.answered(kDenied).refused, Patterns{"car/+"});
    EXPECT_TRUE(roster.refused());
    EXPECT_EQ(roster.refusal(bus), "car/+");
    EXPECT_EQ(roster.join(0, true), &bus);

    roster.ask_again();
    EXPECT_EQ(roster.refusal(bus), "car/+") << "not answered yet";
    EXPECT_EQ(patterns(roster.ask()), Patterns{"car/+"});
    EXPECT_EQ(roster.answered(kDenied).refused, Patterns{});
    EXPECT_EQ(roster.join(0, true), nullptr);

    roster.ask_again();
    roster.ask();
    EXPECT_EQ(roster.answered(kGranted).granted, Patterns{"car/+"});
    EXPECT_FALSE(roster.refused());
    EXPECT_FALSE(roster.refusal(bus));
    EXPECT_EQ(roster.join(0, true), &bus) << "to be told that it is heard";
}

TEST_F(ARoster, TakesWhoIsRefusedSomethingForHeardAllTheSame) {
    roster.add(bus, {{"car/"}, {"truck/"}});
    roster.ask();
    EXPECT_EQ(roster.answered(std::array{0x87, 0}).refused, Patterns{"car/+"});
    EXPECT_FALSE(roster.refusal(bus));
    EXPECT_TRUE(roster.refused());
}

TEST_F(ARoster, ForgetsAnAnswerToWhoIsGone) {
    roster.add(bus, {{"car/"}});
    roster.add(other, {{"truck/"}});
    roster.ask();
    EXPECT_EQ(roster.remove(bus)->patterns, Patterns{"car/+"});
    EXPECT_EQ(roster.answered(std::array{0x87, 0}).refused, Patterns{});
    EXPECT_EQ(roster.join(1, true), &other);
    EXPECT_FALSE(roster.remove(bus));
}

TEST_F(ARoster, GivesASlotToAnotherOnceNoMessageForItCanBeUnderWay) {
    roster.add(bus, {{"car/"}});
    roster.batch_taken();
    EXPECT_EQ(roster.remove(bus)->slot, 0U);
    roster.batch_delivered();
    roster.add(bus, {{"car/"}});
    EXPECT_EQ(roster.find(bus), 1U) << "removed while a batch was delivered: the next may hold messages";
    roster.batch_taken();
    roster.batch_delivered();
    roster.add(other, {{"truck/"}});
    EXPECT_EQ(roster.find(other), 0U);
    EXPECT_EQ(roster.slots(), 2U);
}

TEST_F(ARoster, GivesASlotToAnotherEvenIfABatchHeldNothing) {
    roster.add(bus, {{"car/"}});
    roster.remove(bus);
    roster.batch_taken();  // and not delivered: it was empty
    roster.batch_taken();
    roster.batch_delivered();
    roster.add(other, {{"truck/"}});
    EXPECT_EQ(roster.find(other), 0U);
}

TEST_F(ARoster, KnowsTheWaysToAll) {
    roster.add(bus, {{"car/"}, {.prefix = "truck/", .tag = 7}});
    const std::vector<Route> routes = roster.routes();
    ASSERT_EQ(routes.size(), 2U);
    EXPECT_EQ(routes[1].prefix, "truck/");
    EXPECT_EQ(routes[1].tag, 7);
    EXPECT_TRUE(roster.listens_below("car/"));
    EXPECT_FALSE(roster.listens_below("bike/"));
    EXPECT_TRUE(roster.hears(bus));
    EXPECT_FALSE(roster.hears(other));
}

}  // namespace
}  // namespace mqttcan::mqtt
