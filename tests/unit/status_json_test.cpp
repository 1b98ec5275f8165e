// SPDX-License-Identifier: MIT
#include "daemon/control/status_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/some_status.hpp"

namespace mqttcan::control {
namespace {

using nlohmann::json;
using supervisor::Status;

TEST(StatusJson, IsReadBackAsItWasWritten) {
    const Status status = test::some_status();
    const auto read = parse_status(to_json(status));
    ASSERT_TRUE(read);
    EXPECT_EQ(to_json(*read), to_json(status));
    EXPECT_EQ(read->buses.front().counters, status.buses.front().counters);
    EXPECT_EQ(read->buses.front().controller, status.buses.front().controller);
    EXPECT_EQ(read->buses.front().round_trip, status.buses.front().round_trip);
    EXPECT_EQ(read->buses.back().state, supervisor::BusState::waiting);
}

TEST(StatusJson, OfAnotherVersionIsNotGuessed) {
    const json good = json::parse(to_json(test::some_status()));
    EXPECT_TRUE(parse_status(good.dump()));
    for (const char* pointer : {"/buses/0/state", "/buses/0/role", "/buses/0/formats/0",
                                "/buses/0/controller/state", "/buses/0/from_bus/received"}) {
        json bad = good;
        bad[json::json_pointer(pointer)] = "new";
        EXPECT_FALSE(parse_status(bad.dump())) << pointer;
    }
    json unknown = good;
    unknown["buses"][0]["to_bus"]["dropped"]["new_reason"] = 1;
    EXPECT_FALSE(parse_status(unknown.dump())) << "a reason that would not be counted";
    json missing = good;
    missing["buses"][0].erase("topic");
    EXPECT_FALSE(parse_status(missing.dump()));
    EXPECT_FALSE(parse_status("{}"));
    EXPECT_FALSE(parse_status("nonsense"));
}

TEST(StatusJson, SurvivesNamesThatAreNoUtf8) {
    Status status = test::some_status();
    status.buses.front().interface = "v\xff";
    EXPECT_TRUE(parse_status(to_json(status)));
}

TEST(SeverityNames, AreThoseOfSyslog) {
    for (const Severity severity :
         {Severity::error, Severity::warning, Severity::notice, Severity::info, Severity::debug}) {
        EXPECT_EQ(parse_severity(name(severity)), severity);
    }
    EXPECT_FALSE(parse_severity("loud"));
}

}  // namespace
}  // namespace mqttcan::control
