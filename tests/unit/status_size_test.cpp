// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <limits>

#include "daemon/codec/status.hpp"
#include "daemon/mqtt/inbox.hpp"

namespace mqttcan::codec {
namespace {

void fill(Counters& counters) {
    constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
    counters.received = counters.passed = counters.in_doubt = counters.confirmed = counters.unconfirmed =
        kMost;
    counters.buffered = counters.backfilled = kMost;
    counters.dropped.fill(kMost);
}

TEST(BusStatus, FitsIntoAnInboxHoweverMuchItTells) {
    constexpr auto kMost = std::numeric_limits<std::uint32_t>::max();
    BusStatus status{
        .session = std::string(16, 'f'),
        .state = "waiting",
        .bus = std::string(64, 'b'),
        .role = "server",
        .interface = std::string(15, 'i'),
        .formats = {"savvycan", "stream"},
        .time_synchronized = false,
        .version = "10.10.10~rc1",
        .connection = std::string(200, 't'),
        .controller = ControllerStatus{.state = "error-warning",
                                       .bitrate = kMost,
                                       .data_bitrate = kMost,
                                       .tx_errors = 65535,
                                       .rx_errors = 65535,
                                       .bus_errors = kMost,
                                       .error_warnings = kMost,
                                       .error_passives = kMost,
                                       .bus_offs = kMost,
                                       .arbitration_lost = kMost,
                                       .restarts = kMost},
        .confirms = kAccepted,
        .round_trip = RoundTrip{Duration::max(), Duration::max()},
        .clock_offset = ClockOffset{std::chrono::microseconds::min(), std::chrono::microseconds::min()},
        .counters = {}};
    fill(status.counters.from_bus);
    fill(status.counters.to_bus);
    fill(status.counters.confirmations);
    const std::string json = to_json(status);
    EXPECT_LE(json.size(), mqtt::Inbox::kMaxPayload);
    const RemoteStatus read = parse_remote_status(std::as_bytes(std::span(json)));
    EXPECT_EQ(read.state, "waiting");
    EXPECT_TRUE(read.speaks_stream);
}

TEST(BusStatus, IsReadAsFarAsItIsOne) {
    const auto read = [](std::string_view words) {
        return parse_remote_status(std::as_bytes(std::span(words)));
    };
    for (const char* nonsense : {"", "no JSON", "[]", "7", R"({"state": 7, "stream_versions": "1"})",
                                 R"({"stream_versions": {"a": "1"}})"}) {
        EXPECT_EQ(read(nonsense).state, "") << nonsense;
        EXPECT_FALSE(read(nonsense).speaks_stream) << nonsense;
    }
    EXPECT_FALSE(read(R"({"state": "online", "stream_versions": [2, 3]})").speaks_stream)
        << "none that we speak";
    EXPECT_TRUE(read(R"({"state": "online", "stream_versions": [2, 1]})").speaks_stream);
}

}  // namespace
}  // namespace mqttcan::codec
