// SPDX-License-Identifier: MIT
#include "daemon/cli/status_page.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "base/text.hpp"
#include "daemon/cli/status_words.hpp"
#include "tests/support/some_status.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;
using supervisor::BusState;
using supervisor::BusStatus;
using supervisor::Status;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& page) {
    std::vector<std::string> lines;
    std::istringstream in(page);
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// An earlier status in which fewer frames had come.
Status earlier(Status status, std::uint64_t from_bus, std::uint64_t to_bus) {
    status.buses.front().counters.from_bus.received -= from_bus;
    status.buses.front().counters.to_bus.received -= to_bus;
    return status;
}

Status many(std::size_t count) {
    Status status = test::some_status();
    status.buses.clear();
    for (std::size_t i = 0; i < count; ++i) {
        status.buses.push_back(test::some_bus(text("bus", i), text("vcan", i)));
    }
    return status;
}

TEST(StatusTable, TellsEachBusInALineAndWhatIsWrongBelow) {
    const Status now = test::some_status();
    const Status before = earlier(now, 240, 13);
    EXPECT_THAT(lines_of(status_table(now, Earlier{before, 2s}, {})),
                ElementsAre("BUS     INTERFACE  ROLE    STATE    FROM/s  TO/s  LOST  DROPPED     TRIP",
                            "engine  can0       server  online      120     7     5       13  12.3 ms",
                            "    dropped: from bus 10 stale; to bus 3 late",
                            "van     slcan0     server  waiting       0     0     0        0        -",
                            "    waiting for /dev/ttyACM0, which does not exist yet: plug the adapter in",
                            "broker default (mqtt://127.0.0.1:1883): connected (MQTT 5) for 1 h 2 min"));
}

TEST(StatusTable, TellsNoRateWithoutAnEarlierLookOrAfterARestart) {
    const Status now = test::some_status();
    const auto shown = [&](const std::optional<Earlier>& before) {
        return lines_of(status_table(now, before, {}))[1];
    };
    EXPECT_THAT(shown(std::nullopt), HasSubstr("online        -     -"));
    Status more = now;
    more.buses.front().counters.from_bus.received += 1;
    more.buses.front().counters.to_bus.received += 1;
    EXPECT_THAT(shown(Earlier{more, 1s}), HasSubstr("online        -     -"));
}

TEST(StatusTable, NamesTheBrokerOfEachBusWhereThereAreSeveral) {
    Status now = test::some_status();
    now.brokers.push_back({.name = "cloud",
                           .url = "mqtts://cloud:8883",
                           .client_id = "box",
                           .problem = "connection refused",
                           .since = 8s});
    now.buses.back().broker = "cloud";
    const auto lines = lines_of(status_table(now, std::nullopt, {}));
    EXPECT_THAT(lines.front(), HasSubstr("ROLE    BROKER   STATE"));
    EXPECT_EQ(lines.back(), "broker cloud (mqtts://cloud:8883): not connected for 8 s: connection refused");
}

TEST(StatusTable, IsNeverWiderThanThePaper) {
    Status now = test::some_status();
    now.brokers.push_back({.name = "a-broker-with-a-very-long-name", .url = "mqtt://b", .client_id = "c"});
    now.buses.front().name = "a-bus-with-quite-a-long-name-indeed";
    now.buses.front().interface = "interface-fifteen";
    now.buses.front().broker = now.brokers.back().name;
    now.buses.front().counters.from_bus.received = 123'456'789;
    for (const std::size_t width : {80U, 100U}) {
        for (const std::string& line : lines_of(status_table(now, std::nullopt, {.width = width}))) {
            EXPECT_LE(line.size(), width) << line;
        }
    }
    EXPECT_THAT(status_table(now, std::nullopt, {}), HasSubstr("~"));
}

TEST(StatusTable, FitsOnAScreenWithWhatIsNotWellFirst) {
    Status now = many(200);
    now.buses[150].state = BusState::offline;
    now.buses[150].reason = "no connection to the broker";
    now.buses[180].counters.to_bus.lost = 1;
    const auto lines = lines_of(status_table(now, std::nullopt, {.width = 80, .rows = 23}));
    EXPECT_EQ(lines.size(), 23U);
    EXPECT_THAT(lines[1], StartsWith("bus150"));
    EXPECT_THAT(lines[3], StartsWith("bus180"));
    EXPECT_THAT(lines[4], StartsWith("bus0 "));
    EXPECT_EQ(lines[21], "... and 181 more, all well");
    EXPECT_THAT(lines[22], StartsWith("broker default"));
}

TEST(StatusTable, CountsWhatIsNotWellAmongThoseThatDoNotFit) {
    Status now = many(30);
    for (BusStatus& bus : now.buses) {
        bus.state = BusState::waiting;
        bus.reason = "waiting";
    }
    EXPECT_THAT(status_table(now, std::nullopt, {.width = 80, .rows = 10}), HasSubstr("of them not well"));
}

TEST(StatusTable, ShowsAllThatFits) {
    EXPECT_EQ(lines_of(status_table(many(20), std::nullopt, {.width = 80, .rows = 22})).size(), 22U);
    EXPECT_THAT(status_table(many(20), std::nullopt, {.width = 80, .rows = 22}), Not(HasSubstr("more")));
}

TEST(StatusTable, IsColouredOnlyIfAsked) {
    EXPECT_THAT(status_table(test::some_status(), std::nullopt, {}), Not(HasSubstr("\033")));
    EXPECT_THAT(status_table(test::some_status(), std::nullopt, {.colour = true}),
                AllOf(HasSubstr("\033[32monline "), HasSubstr("\033[33mwaiting")));
}

TEST(StatusTable, ShowsAControllerThatIsNotWell) {
    Status now = test::some_status();
    now.buses.front().controller->state = "bus-off";
    EXPECT_THAT(status_table(now, std::nullopt, {}), HasSubstr("server  bus-off"));
}

TEST(StatusTable, SaysThatThereIsNoBus) {
    EXPECT_EQ(status_table({}, std::nullopt, {}), "no buses: the configuration declares none\n");
}

TEST(BusDetails, TellAllAboutABus) {
    Status now = test::some_status();
    now.buses.pop_back();
    EXPECT_THAT(lines_of(bus_details(now, Earlier{earlier(now, 100, 10), 1s}, {})),
                ElementsAre("bus engine: online", "  interface   can0 (can)",
                            "  topic       car7, as server, in format savvycan, stream",
                            "  broker      default (mqtt://127.0.0.1:1883): connected (MQTT 5) for 1 h 2 min",
                            "  controller  error-active, 500 kbit/s; errors: tx 1, rx 2, on the bus 3;",
                            "              bus-off 4 times, restarted 0 times",
                            "  round trip  12.3 ms, at worst 45.0 ms",
                            "  frames                    from bus      to bus",
                            "  per second                     100          10",
                            "  received                      1000          50",
                            "  published, written             990          47",
                            "  in doubt                         2           0",
                            "  lost on the way                  0           5",
                            "  dropped                         10           3",
                            "    stale                         10           0",
                            "    late                           0           3"));
}

TEST(ShortNumbers, HaveAtMostSixColumns) {
    EXPECT_EQ(short_number(0), "0");
    EXPECT_EQ(short_number(99'999), "99999");
    EXPECT_EQ(short_number(100'000), "100k");
    EXPECT_EQ(short_number(999'999), "999k");
    EXPECT_EQ(short_number(1'234'567), "1.2M");
    EXPECT_EQ(short_number(12'345'678), "12.3M");
    for (std::uint64_t number = 1; number < UINT64_MAX / 10; number *= 7) {
        EXPECT_LE(short_number(number).size(), 6U) << number;
    }
    EXPECT_LE(short_number(UINT64_MAX).size(), 6U);
}

TEST(LongTimes, AreForPeople) {
    EXPECT_EQ(long_time(8s), "8 s");
    EXPECT_EQ(long_time(5min), "5 min");
    EXPECT_EQ(long_time(3h + 12min), "3 h 12 min");
    EXPECT_EQ(long_time(24h * 4), "4 days");
}

}  // namespace
}  // namespace mqttcan::cli
