// SPDX-License-Identifier: MIT
// What passes between bus and broker: filters, sampling, and when a bus counts as dead.
#include <gmock/gmock.h>

#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::optional<Bus> bus_of(const std::string& members) {
    const Outcome outcome = parsed("{\"buses\": {\"a\": {\"topic\": \"can\", " + members + "}}}");
    EXPECT_THAT(written_out(outcome.faults), IsEmpty());
    return outcome.config ? std::optional(outcome.config->buses.at(0)) : std::nullopt;
}

IdPattern id(std::string_view written) {
    return IdPattern::parse(written).value();
}

std::vector<std::string> faults(const std::string& members) {
    return bus_faults("\"topic\": \"can\",\n" + members);
}

TEST(Filter, IsAListOfWhatPasses) {
    const auto bus =
        bus_of(R"("to_bus": {"filter": ["123", "120/7F0"]}, "from_bus": {"filter": ["00000100-000001FF"]})");
    ASSERT_TRUE(bus);
    EXPECT_EQ(bus->to_bus.filter, (IdFilter{.allow = {id("123"), id("120/7F0")}}));
    EXPECT_EQ(bus->from_bus.filter, (IdFilter{.allow = {id("00000100-000001FF")}}));
}

TEST(Filter, MayAllowAndDeny) {
    const auto bus = bus_of(
        R"("to_bus": {"filter": {"deny": ["7DF"]}}, "from_bus": {"filter": {"allow": ["7ff"], "deny": ["1"]}})");
    ASSERT_TRUE(bus);
    EXPECT_EQ(bus->to_bus.filter, (IdFilter{.deny = {id("7DF")}}));
    EXPECT_EQ(bus->from_bus.filter, (IdFilter{.allow = {id("7FF")}, .deny = {id("1")}}));
}

TEST(Filter, LetsEverythingPassIfThereIsNone) {
    const auto bus = bus_of(R"("to_bus": {}, "from_bus": {})");
    ASSERT_TRUE(bus);
    EXPECT_TRUE(bus->to_bus.filter.passes_all() && bus->from_bus.filter.passes_all());
}

TEST(Filter, SaysWhatIsWrongWithItsIds) {
    EXPECT_THAT(
        faults(R"("to_bus": {"filter": ["1234", 123, "1FF-100"]})"),
        ElementsAre(
            "3:23: /buses/a/to_bus/filter/0: \"1234\" has 4 digits; a standard ID has up to 3, an extended "
            "one "
            "exactly 8: write \"00001234\"",
            "3:31: /buses/a/to_bus/filter/1: the number 123 is not an ID, which is hexadecimal and stands in "
            "quotes; write for example \"123\"",
            "3:36: /buses/a/to_bus/filter/2: \"1FF-100\" runs backwards; write \"100-1FF\""));
}

TEST(Filter, IsAListOrAnObjectAndNotEmpty) {
    EXPECT_THAT(
        faults(R"("to_bus": {"filter": "123"})"),
        ElementsAre("3:22: /buses/a/to_bus/filter: the string \"123\" is not a list of IDs or an object with "
                    "\"allow\" and \"deny\"; write for example [\"123\", \"700-77F\"]"));
    EXPECT_THAT(
        faults(R"("to_bus": {"filter": []}, "from_bus": {"filter": {}})"),
        ElementsAre("3:22: /buses/a/to_bus/filter: this list is empty; name at least one ID, for example "
                    "[\"123\", \"700-77F\"], or leave \"filter\" out",
                    "3:50: /buses/a/from_bus/filter: this filter is empty; say \"allow\" or \"deny\", or "
                    "leave \"filter\" out"));
    EXPECT_THAT(
        faults(R"("from_bus": {"filter": {"deny": "7DF", "alow": []}})"),
        ElementsAre("3:33: /buses/a/from_bus/filter/deny: the string \"7DF\" is not a list of IDs; write for "
                    "example [\"7DF\"]",
                    "3:40: /buses/a/from_bus/filter/alow: \"alow\" is not a key of a filter; did you mean "
                    "\"allow\"?"));
}

TEST(Sampling, ThinsOutById) {
    const auto bus = bus_of(R"("from_bus": {"sample": [{"ids": ["100", "18FEF100"], "interval": "100ms"},
{"ids": ["000/000"], "on_change": true}, {"ids": ["1"], "interval": "1h", "on_change": false}]})");
    ASSERT_TRUE(bus);
    EXPECT_THAT(bus->from_bus.sample,
                ElementsAre(Sample{.ids = {id("100"), id("18FEF100")}, .interval = milliseconds(100)},
                            Sample{.ids = {id("000/000")}, .on_change = true},
                            Sample{.ids = {id("1")}, .interval = std::chrono::hours(1)}));
}

TEST(Sampling, SaysWhatARuleIs) {
    EXPECT_THAT(
        faults(R"("from_bus": {"sample": {"ids": ["1"], "interval": "1s"}})"),
        ElementsAre("3:24: /buses/a/from_bus/sample: an object is not a list of rules; write for example "
                    "[{\"ids\": [\"123\"], \"interval\": \"100ms\"}]"));
    EXPECT_THAT(
        faults(R"("from_bus": {"sample": []})"),
        ElementsAre("3:24: /buses/a/from_bus/sample: this list is empty; write a rule into it, or leave "
                    "\"sample\" out"));
    EXPECT_THAT(
        faults(R"("from_bus": {"sample": ["1"]})"),
        ElementsAre("3:25: /buses/a/from_bus/sample/0: the string \"1\" is not a rule of \"sample\"; write "
                    "for example {\"ids\": [\"123\"], \"interval\": \"100ms\"}"));
    EXPECT_THAT(
        faults(R"("from_bus": {"sample": [{"interval": "0s"}, {"ids": [], "on_change": true}]})"),
        ElementsAre("3:25: /buses/a/from_bus/sample/0/ids: \"ids\" is missing; add \"ids\": [\"123\", "
                    "\"700-77F\"]",
                    "3:38: /buses/a/from_bus/sample/0/interval: \"0s\" is out of bounds; write a duration "
                    "from 1ms to 1h",
                    "3:53: /buses/a/from_bus/sample/1/ids: this list is empty; name at least one ID, for "
                    "example [\"123\", \"700-77F\"]"));
}

TEST(Sampling, ThinsOutSomething) {
    for (const std::string nothing : {"", R"(, "on_change": false)"}) {
        EXPECT_THAT(
            faults(R"("from_bus": {"sample": [{"ids": ["1"])" + nothing + "}]}"),
            ElementsAre("3:25: /buses/a/from_bus/sample/0: this rule thins out nothing; add \"interval\": "
                        "\"100ms\" or \"on_change\": true"));
    }
    EXPECT_THAT(faults(R"("from_bus": {"sample": [{"ids": ["1"], "on_change": 1}]})"),
                ElementsAre(HasSubstr("/on_change: the number 1 is not true or false")));
}

TEST(Stall, SaysWhenABusIsDead) {
    EXPECT_EQ(bus_of(R"("to_bus": {})")->to_bus.stall, milliseconds(500));
    EXPECT_EQ(bus_of(R"("to_bus": {"stall": "50ms"})")->to_bus.stall, milliseconds(50));
    EXPECT_THAT(
        faults(R"("to_bus": {"stall": "49ms"})"),
        ElementsAre(
            "3:21: /buses/a/to_bus/stall: \"49ms\" is out of bounds; write a duration from 50ms to 1h"));
}

}  // namespace
}  // namespace mqttcan::config::test
